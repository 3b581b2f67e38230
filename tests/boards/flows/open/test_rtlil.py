# amaranth: UnusedElaboratable=no
"""Corrections: bypasses go exactly where the memory allows it, indices leave the names."""

from __future__ import annotations

from typing import Any

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Elaboratable, Module, Signal, signed, unsigned
from amaranth.lib import data, memory
from sterna.errors import CheckError
from sterna_boards.flows.open.rtlil import corrected, plain_names, relax_collisions

BYPASS = "parameter \\COLLISION_X_MASK 1'0\n"
NO_BYPASS = "parameter \\COLLISION_X_MASK 1'1\n"


class _Memories(Elaboratable):
    """One memory a letter: "r" relaxed, "s" strict, "a" relaxed and read without a clock."""

    def __init__(self, kinds: str) -> None:
        self._kinds = kinds
        self.ports: list[Any] = []

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        for kind in self._kinds:
            attributes = {} if kind == "s" else {"no_rw_check": "1"}
            m.submodules[kind] = store = memory.Memory(
                shape=unsigned(8), depth=16, init=[], attrs=attributes)
            write = store.write_port()
            read = store.read_port(domain="comb" if kind == "a" else "sync")
            self.ports += [write.addr, write.data, write.en, read.addr, read.data]
        return m


def _text(kinds: str) -> str:
    design = _Memories(kinds)
    fragment = design.elaborate(None)
    return rtlil.convert(fragment, name="top", ports=design.ports, emit_src=False)


@pytest.mark.parametrize("kinds, relaxed, strict", [
    ("r", 1, 0), ("s", 0, 1), ("rs", 1, 1), ("a", 0, 1), ("ras", 1, 2),
])
def test_only_clocked_reads_of_marked_memories(kinds: str, relaxed: int, strict: int) -> None:
    before = _text(kinds)
    assert before.count(BYPASS) == relaxed + strict
    after = relax_collisions(before)
    assert (after.count(NO_BYPASS), after.count(BYPASS)) == (relaxed, strict)
    assert after.replace(NO_BYPASS, BYPASS) == before


@pytest.mark.parametrize(("old", "new", "message"), [
    ("  memory width", "  storage width", "1 memories are marked no_rw_check, 0 are found: mend"),
    ("cell $memrd_v2", "cell $memrd_v3", "no read port of r is found: mend the patterns of"),
    ('MEMID "\\\\r"', 'MEMORY "\\\\r"', "no read port of r is found: mend the patterns of"),
])
def test_memories_in_another_form_are_told(old: str, new: str, message: str) -> None:
    before = _text("r")
    assert old in before
    with pytest.raises(CheckError, match=message):
        corrected(before.replace(old, new))


def test_indices_of_names_are_written_with_a_point() -> None:
    before = (
        "  wire width 8 signed \\sums[1]\n  wire width 4 \\m.sums$5[12].high[0]\n"
        "  connect \\sums[1] \\other [7:0]\n  parameter \\MEMID \"\\\\store[2]\"\n")
    assert plain_names(before) == (
        "  wire width 8 signed \\sums.1\n  wire width 4 \\m.sums$5.12.high.0\n"
        "  connect \\sums.1 \\other [7:0]\n  parameter \\MEMID \"\\\\store.2\"\n")


class _Sums(Elaboratable):
    """Two sums of an array, whose names Amaranth gives an index."""

    def __init__(self) -> None:
        self.sums = Signal(data.ArrayLayout(signed(8), 2))
        self.inputs = Signal(data.ArrayLayout(signed(8), 2))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        for index in range(2):
            m.d.sync += self.sums[index].eq(self.inputs[index] + self.sums[index])
        return m


def test_no_name_of_a_design_keeps_an_index() -> None:
    design = _Sums()
    before = rtlil.convert(design, name="top", ports=[design.sums.as_value()], emit_src=False)
    assert "\\sums[1]" in before
    after = corrected(before)
    assert "\\sums.1" in after and "\\sums[1]" not in after
    assert "\\sums [7:0]" in before and "\\sums [7:0]" in after
