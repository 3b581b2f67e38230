"""What a vector unit shows to tests, and passes on to that of another token stream."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import signed
from amaranth.lib import stream
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import MANTISSA_BITS
from sterna.machine.machine import Machine

from sterna_hw.layouts import word_group
from sterna_hw.vector.command import SCALAR


def trace_scalar(machine: Machine) -> StructLayout:
    """Payload of the scalar trace; the mantissa has a sign where scalars have."""
    members = dict(SCALAR.members)
    if machine.vector.sums:
        members["mantissa"] = signed(MANTISSA_BITS + 1)
    return StructLayout({"valid": 1, **members})


def trace_vector(machine: Machine) -> StructLayout:
    """Payload of the vector trace."""
    return StructLayout({"valid": 1, "data": word_group(machine)})


def chain_members(machine: Machine) -> dict[str, Any]:
    """What passes the state of a text on to the data path that computes its next token.

    ``previous``: In, stream of groups of the state before this token; operand a of the commands
    that say so while ``chained`` is set, which wait for it. ``state``: Out, stream of the groups
    that commands write as state while ``next_chained`` is set. None with a single token stream.
    """
    if machine.streams == 1:
        return {}
    words = stream.Signature(word_group(machine))
    return {"previous": In(words), "state": Out(words), "chained": In(1), "next_chained": In(1)}
