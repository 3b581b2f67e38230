"""Adders and small memories made of the cells of Xilinx parts, 7-series and UltraScale+.

A look-up table with two outputs (LUT6_2) computes what propagates a carry and, from five inputs,
what else the carry chain or the next bit needs (UG474, UG574: configurable logic block). Synthesis
finds neither the operand that is inverted in the table of its adder nor the adder of three
operands, both one table a bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Signal, Value, signed
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component

_SHARED_INPUTS = 5
_CARRY_CELLS = {"xc7": 4, "xcup": 8}
"""Bits of a carry cell."""
_READ_PORTS = {"xc7": "ABC", "xcup": "ABCDEFG"}
"""Outputs of a memory cell that read addresses of their own; one more only writes."""
_ADDRESS_BITS = 5
_PORT_BITS = 2


def xilinx_family(platform: Any) -> str | None:
    """"xc7" or "xcup" where the platform has the cells of this file, else None."""
    family = getattr(platform, "family", None)
    return family if family in _CARRY_CELLS else None


def double_table(m: Module, name: str, inputs: Sequence[Any], upper: Callable[..., int],
                 lower: Callable[..., int]) -> tuple[Signal, Signal]:
    """Two functions of up to five bits in one look-up table; returns their values.

    Raises:
        ValueError: there are more than five inputs.
    """
    if len(inputs) > _SHARED_INPUTS:
        raise ValueError(f"a table with two outputs has five inputs, not {len(inputs)}")
    table = 0
    for place in range(1 << _SHARED_INPUTS):
        bits = [place >> bit & 1 for bit in range(len(inputs))]
        table |= (lower(*bits) & 1) << place
        table |= (upper(*bits) & 1) << (1 << _SHARED_INPUTS) + place
    first, second = Signal(name=f"{name}_6"), Signal(name=f"{name}_5")
    ports = {f"i_I{place}": bit for place, bit in enumerate(inputs)}
    ports |= {f"i_I{place}": Const(0, 1) for place in range(len(inputs), _SHARED_INPUTS)}
    m.submodules[name] = Instance(
        "LUT6_2", p_INIT=Const(table, 64), **ports, i_I5=Const(1, 1), o_O6=first, o_O5=second)
    return first, second


def carry_chain(m: Module, family: str, propagate: Sequence[Any], generate: Sequence[Any],
                carry: Any) -> Value:
    """The sums of a carry chain: bit i is ``propagate[i]`` and the carry that comes to it.

    Where a bit does not propagate its carry is ``generate[i]``.
    """
    width = _CARRY_CELLS[family]
    sums: list[Value] = []
    for cell, start in enumerate(range(0, len(propagate), width)):
        here = slice(start, start + width)
        filling = Const(0, max(1, start + width - len(propagate)))
        count = len(propagate[here])
        outputs = Signal(width, name=f"sums_{cell}")
        carries = Signal(width, name=f"carries_{cell}")
        ports: dict[str, Any] = {
            "i_S": Cat(*propagate[here], filling)[:width],
            "i_DI": Cat(*generate[here], filling)[:width],
            "o_O": outputs, "o_CO": carries,
        }
        if family == "xc7":
            ports |= {"i_CYINIT": carry if cell == 0 else Const(0, 1),
                      "i_CI": Const(0, 1) if cell == 0 else carry}
        else:
            ports |= {"p_CARRY_TYPE": "SINGLE_CY8", "i_CI": carry, "i_CI_TOP": Const(0, 1)}
        m.submodules[f"chain_{cell}"] = Instance(f"CARRY{width}", **ports)
        sums.append(outputs[:count])
        carry = carries[-1]
    return Cat(*sums)


def folded_sum(m: Module, family: str, a: Any, b: Any, control: Any, invert_b: Any, carry: Any,
               bits: int, mask: bool) -> Value:
    """What `FoldedAdder` computes, a look-up table a bit."""
    propagate, generate = [], []

    def left(a: int, control: int) -> int:
        return a & control if mask else a ^ control

    for bit in range(bits):
        sum_bit, operand = double_table(
            m, f"table_{bit}",
            (a[min(bit, len(a) - 1)], control, b[min(bit, len(b) - 1)], invert_b),
            lambda a, control, b, invert_b: left(a, control) ^ b ^ invert_b,
            lambda a, control, b, invert_b: left(a, control))
        propagate.append(sum_bit)
        generate.append(operand)
    return carry_chain(m, family, propagate, generate, carry)


class ThreeAdder(Component):
    """``total = a + b + c + carries[0] + carries[1]``: one look-up table a bit, and one more.

    Each bit's table adds the three bits and the carry of three bits below; the carry chain does the
    rest. The first position of the chain only lets a carry in: bit 0 gets the other one where the
    bits above get that of three bits, and the chain's own input would need the same wire.

    Members:
        a, b, c: In(signed(bits)) each. carries: In(2).
        total: Out(signed(total_bits)), truncated.

    Args:
        family: "xc7" or "xcup".
        bits: widths of the operands.
        total_bits: width of the total.
    """

    def __init__(self, family: str, bits: Sequence[int], total_bits: int) -> None:
        self._family = family
        self._total_bits = total_bits
        a, b, c = bits
        super().__init__({
            "a": In(signed(a)), "b": In(signed(b)), "c": In(signed(c)), "carries": In(2),
            "total": Out(signed(total_bits)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        still, below = double_table(m, "table_carry", (self.carries[0],),
                                    lambda carry: 0, lambda carry: carry)
        propagate, generate = [still], [below]
        majority: Any = self.carries[1]
        for bit in range(self._total_bits):
            inputs = [operand[min(bit, len(operand) - 1)] for operand in (self.a, self.b, self.c)]
            sum_bit, next_majority = double_table(
                m, f"table_{bit}", (*inputs, majority),
                lambda a, b, c, majority: a ^ b ^ c ^ majority,
                lambda a, b, c, majority: int(a + b + c > 1))
            propagate.append(sum_bit)
            generate.append(majority)
            majority = next_majority
        sums = carry_chain(m, self._family, propagate, generate, Const(0, 1))
        m.d.comb += self.total.eq(sums[1:])
        return m


def lookup_memory(m: Module, family: str, name: str, data: Value, write_address: Any, write: Any,
                  read_addresses: Sequence[Any]) -> list[Value]:
    """A memory of up to 32 words, written in step with the clock, read at once at each address.

    Ports of two bits share cells, whatever word or address they belong to. Returns the words read.
    """
    letters = _READ_PORTS[family]
    writer = chr(ord(letters[-1]) + 1)
    pieces = [(reader, bit) for reader in range(len(read_addresses))
              for bit in range(0, len(data), _PORT_BITS)]
    words: list[list[Value]] = [[] for _ in read_addresses]
    for cell, start in enumerate(range(0, len(pieces), len(letters))):
        ports: dict[str, Any] = {
            "i_WCLK": ClockSignal(), "i_WE": write, f"i_ADDR{writer}": _address(write_address),
            f"i_DI{writer}": Const(0, _PORT_BITS)}
        for place, letter in enumerate(letters):
            if start + place < len(pieces):
                reader, bit = pieces[start + place]
                count = len(data[bit:bit + _PORT_BITS])
                output = Signal(_PORT_BITS, name=f"{name}_{reader}_{bit}")
                ports |= {
                    f"i_ADDR{letter}": _address(read_addresses[reader]),
                    f"i_DI{letter}": Cat(data[bit:bit + count], Const(0, 1))[:_PORT_BITS],
                    f"o_DO{letter}": output,
                }
                words[reader].append(output[:count])
            else:
                ports |= {f"i_ADDR{letter}": Const(0, _ADDRESS_BITS),
                          f"i_DI{letter}": Const(0, _PORT_BITS)}
        kind = "RAM32M" if family == "xc7" else "RAM32M16"
        m.submodules[f"{name}_cell_{cell}"] = Instance(kind, **ports)
    return [Cat(*parts) for parts in words]


def _address(value: Any) -> Value:
    return Cat(value, Const(0, _ADDRESS_BITS))[:_ADDRESS_BITS]
