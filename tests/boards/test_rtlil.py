# amaranth: UnusedElaboratable=no
"""Collisions: the bypass goes away exactly where the memory allows it."""

from __future__ import annotations

from typing import Any

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Elaboratable, Module, unsigned
from amaranth.lib import memory
from sterna_boards.rtlil import relax_collisions

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
