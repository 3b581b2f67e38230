"""Adder that inverts or masks its operands in the cells of its carry chain."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Instance, Module, Mux, Signal, Value, signed
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component
from sterna_hw.ternary.xilinx import folded_sum, xilinx_family

# Look-up tables of a CCU2C half: the whole table is what propagates a carry, its low four entries
# (inputs C and D low) what generates one. See `CCU2C` in yosys' techlibs/ecp5/cells_sim.v.
_INVERT = 0x6996  # generate A ^ B, propagate A ^ B ^ C ^ D
_MASK = 0x8778  # generate A & B, propagate (A & B) ^ C ^ D
_CARRY_IN = 0x000A  # with C high: generate A, never propagate


def has_carry_cells(platform: Any) -> bool:
    """Whether the adders of that platform are made of ECP5 carry cells."""
    return getattr(platform, "family", None) == "ecp5"


class FoldedAdder(Component):
    """``total = (a ^ control) + (b ^ invert_b) + carry``, or with ``a & control`` when ``mask``.

    Combinational. On ECP5 the exclusive-ors cost nothing: a half of a carry cell has four inputs.
    There ``total_bits + 1`` halves are taken, the first one for the carry. On Xilinx parts it is a
    look-up table a bit, elsewhere what synthesis makes of the expression.

    Members:
        a: In(signed(a_bits)). b: In(signed(b_bits)).
        control: In(1), inverts ``a``; with ``mask`` it keeps ``a`` where high, else zero is added.
        invert_b: In(1).
        carry: In(1).
        total: Out(signed(total_bits)), truncated.

    Args:
        a_bits, b_bits, total_bits: widths.
        mask: what ``control`` does.
    """

    def __init__(self, a_bits: int, b_bits: int, total_bits: int, *, mask: bool = False) -> None:
        self._mask = mask
        super().__init__({
            "a": In(signed(a_bits)),
            "b": In(signed(b_bits)),
            "control": In(1),
            "invert_b": In(1),
            "carry": In(1),
            "total": Out(signed(total_bits)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        if has_carry_cells(platform):
            self._carry_chain(m)
            return m
        family = xilinx_family(platform)
        if family is not None:
            m.d.comb += self.total.eq(folded_sum(
                m, family, self.a, self.b, self.control, self.invert_b, self.carry,
                len(self.total), self._mask))
            return m
        a, b = Signal.like(self.a, name="left"), Signal.like(self.b, name="right")
        m.d.comb += [
            a.eq(Mux(self.control, self.a, 0) if self._mask else
                 self.a ^ self.control.replicate(len(a))),
            b.eq(self.b ^ self.invert_b.replicate(len(b))),
            self.total.eq(a + b + self.carry),
        ]
        return m

    def _carry_chain(self, m: Module) -> None:
        bits = len(self.total)
        table = _MASK if self._mask else _INVERT
        halves: list[tuple[int, tuple[Any, ...], Value | None]] = [
            (_CARRY_IN, (self.carry, Const(0), Const(1), Const(0)), None)]
        for bit in range(bits):
            inputs = (self.a[min(bit, len(self.a) - 1)], self.control,
                      self.b[min(bit, len(self.b) - 1)], self.invert_b)
            halves.append((table, inputs, self.total[bit]))
        if len(halves) % 2:
            halves.append((0, (Const(0),) * 4, None))

        # The first half ignores the carry that comes in and nobody looks at the last one that goes
        # out: left open, since placement would spend a cell on either.
        carry = None
        cells = len(halves) // 2
        for cell in range(cells):
            ports: dict[str, Any] = {"p_INJECT1_0": "NO", "p_INJECT1_1": "NO"}
            for half, (init, inputs, output) in enumerate(halves[2 * cell:2 * cell + 2]):
                ports[f"p_INIT{half}"] = Const(init, 16)
                for name, value in zip("ABCD", inputs, strict=True):
                    ports[f"i_{name}{half}"] = value
                if output is not None:
                    ports[f"o_S{half}"] = output
            if carry is not None:
                ports["i_CIN"] = carry
            if cell < cells - 1:
                carry = ports["o_COUT"] = Signal(name=f"carry_{cell}")
            m.submodules[f"cell_{cell}"] = Instance("CCU2C", **ports)
