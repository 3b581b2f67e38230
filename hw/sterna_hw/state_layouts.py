"""How the memories that READ reads are reached: requests of the link, and a port of each memory."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, unsigned
from amaranth.lib import wiring
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import address_bits, chunk_bits, space_bits
from sterna.machine.unit import MemorySpec

STATE_CLOCKS = 6
"""Clocks from an address to its word, at most: a memory, and registers on the way."""


def read_request(machine: Machine) -> StructLayout:
    """A 32-bit piece of a word to read, named as in `sterna_hw.layouts.WriteChunk`."""
    return StructLayout({
        "space": unsigned(space_bits(machine)), "word": unsigned(address_bits(machine)),
        "chunk": unsigned(chunk_bits(machine))})


def state_port(spec: MemorySpec) -> wiring.Signature:
    """The port of a memory, as whoever reads and writes it sees it; used only while no RUN is on.

    While ``read`` is high ``word`` is steady, and its ``value`` is there `STATE_CLOCKS` later. In
    a clock of ``write`` the word becomes ``data``.
    """
    return wiring.Signature({
        "read": Out(1), "write": Out(1), "word": Out(range(max(2, spec.depth))),
        "data": Out(spec.bits), "value": In(spec.bits),
    })


def connect_state(m: Module, user: Any, port: Any) -> None:
    """Connect who uses a port (or has it from outside) with the memory that has it."""
    m.d.comb += [
        *(getattr(port, name).eq(getattr(user, name))
          for name in ("read", "write", "word", "data")),
        user.value.eq(port.value),
    ]
