"""The words of the head in RESULT."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from sterna.machine.protocol import CHUNK_BITS
from sterna.machine.units.head import ENTRY_WORDS, SCALE_WORDS

from sterna_hw.core.top_k import TopK


def add_head_words(m: Module, index: Signal, scale: Any, top_k: TopK) -> Signal:
    """Word ``index`` of the scale and the pairs behind it, in the clock after."""
    assert SCALE_WORDS == ENTRY_WORDS == 2  # the lowest bit says which of the two
    word = Signal(CHUNK_BITS, name="head_word")
    second, entry = Signal(name="second_of_two"), Signal(name="is_entry")
    m.d.comb += top_k.index.eq(index[1:] - 1)
    m.d.sync += [second.eq(index[0]), entry.eq(index[1:] != 0)]
    with m.If(entry & second):
        m.d.comb += word.eq(top_k.row)
    with m.Elif(entry):
        m.d.comb += word.eq(top_k.value)
    with m.Elif(second):
        m.d.comb += word.eq(scale.exponent)
    with m.Else():
        m.d.comb += word.eq(scale.mantissa)
    return word
