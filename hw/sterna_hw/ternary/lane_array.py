"""The lanes: one packed weight word against one tile of codes, a row sum for each row."""

from __future__ import annotations

from functools import partial
from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value, signed
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import CODE_BITS
from sterna.machine.machine import Machine

from sterna_hw.component import Component
from sterna_hw.shared_module import shared, shares_modules
from sterna_hw.ternary.adder_tree import AdderTree, sum_bits, tree_latency
from sterna_hw.ternary.trit_decoder import TritDecoders, add_decoders

_SHARED_BITS = 8 * 64
"""Part of a word whose decoders are a module, for a simulator of a large engine."""


class LaneArray(Component):
    """All multiply-by-trit and add; the engine knows only members, ``latency`` and ``sum_bits``.

    A free-running pipeline: whatever enters in clock t leaves in clock t + ``latency``, one word a
    clock. An engine with other lanes (tables of partial sums, for example) replaces this class.

    Members:
        word: In(8 * weight_bytes), trit ``row * columns + column``, five a byte.
        codes: In, ``columns`` codes, in the clock *after* their word (they come from a synchronous
            memory that is addressed together with the word).
        sums: Out, ``rows`` exact sums of ``sum_bits`` bits.

    Attributes:
        latency: clocks from ``word`` to ``sums``.
        sum_bits: width of a sum.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        columns = machine.ternary.columns
        self.latency = 3 + tree_latency(columns)
        self.sum_bits = sum_bits(columns)
        super().__init__({
            "word": In(8 * machine.ternary.weight_bytes),
            "codes": In(ArrayLayout(signed(CODE_BITS), columns)),
            "sums": Out(ArrayLayout(signed(self.sum_bits), machine.ternary.rows)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        rows, columns = self._machine.ternary.rows, self._machine.ternary.columns

        # Word and decoder registers wait for the codes: memory, register, negation.
        word_1 = Signal.like(self.word, reset_less=True)
        codes_2 = Signal.like(self.codes, reset_less=True)
        codes_3 = Signal.like(self.codes, reset_less=True)
        negated_3 = Signal.like(self.codes, reset_less=True)
        m.d.sync += [
            word_1.eq(self.word),
            codes_2.eq(self.codes),
            codes_3.eq(codes_2),
        ]
        m.d.sync += [negated_3[column].eq(-codes_2[column]) for column in range(columns)]

        trits = self._decoded(m, platform, word_1)
        for row in range(rows):
            m.submodules[f"row_{row}"] = tree = shared(
                platform, f"sterna_adder_tree_{columns}", partial(AdderTree, columns))
            trits_3 = Signal.like(tree.trits, name=f"trits_{row}", reset_less=True)
            m.d.sync += trits_3.eq(Cat(trits[row * columns:(row + 1) * columns]))
            m.d.comb += [
                tree.codes.eq(codes_3),
                tree.negated.eq(negated_3),
                tree.trits.eq(trits_3),
                self.sums[row].eq(tree.total),
            ]
        return m

    def _decoded(self, m: Module, platform: Any, word: Value) -> list[Value]:
        """The trits of a word, a clock later."""
        if not shares_modules(platform):
            return add_decoders(m, word)
        trits: list[Value] = []
        for first in range(0, len(word), _SHARED_BITS):
            part = word[first:first + _SHARED_BITS]
            decoders = shared(platform, f"sterna_decoders_{len(part) // 8}",
                              partial(TritDecoders, len(part) // 8))
            m.submodules[f"decoders_{first}"] = decoders
            m.d.comb += decoders.bytes.eq(part)
            trits += [decoders.trits[index].as_value() for index in range(len(decoders.trits))]
        return trits
