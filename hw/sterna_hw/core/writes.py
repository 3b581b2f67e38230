"""Writes of the host to the memories that they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from amaranth.hdl import Module


def distribute_writes(m: Module, source: Any, memories: Mapping[int, Sequence[Any]]) -> None:
    """Hand each write to the memories of the space that it names; the link names no other."""
    chunk = source.payload
    for writes in {id(sink): sink for sink in chain(*memories.values())}.values():
        m.d.comb += [writes.payload[name].eq(chunk[name]) for name, _ in chunk.shape()]
    with m.Switch(chunk.space):
        for space, sinks in memories.items():
            with m.Case(space):
                m.d.comb += [
                    *(writes.valid.eq(source.valid) for writes in sinks),
                    source.ready.eq(sinks[0].ready),  # several are always ready
                ]
