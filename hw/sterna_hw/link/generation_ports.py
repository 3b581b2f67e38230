"""What the link and the unit that makes texts tell each other."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine

from sterna_hw.stream import connect_streams


def generation_members(machine: Machine) -> dict[str, Any]:
    """Members of the link beside those of RUN, where the machine answers GENERATE.

    - made_bytes: Out, stream of unsigned(8), always taken: payloads of GENERATE and STOP as they
      come, before their check. made_end: Out(1), the next byte is the first of another frame.
    - ask: Out(1), high from when such a frame is known to be good until ``decided``; stops: Out(1),
      it is STOP. decided: In(1), for a clock; refused: In(7), the code of an error, or 0, and the
      payload that answers it has ``length`` bytes, In(16), which come as ``told``: In, stream of
      unsigned(8).
    - hold: Out(1), another frame needs the units, which are its own while ``held``, In(1), is high.
    - forget: Out(1), no stream has a request any more.
    """
    if machine.generates is None:
        return {}
    return {
        "made_bytes": Out(stream.Signature(8, always_ready=True)), "made_end": Out(1),
        "ask": Out(1), "stops": Out(1),
        "decided": In(1), "refused": In(7), "length": In(16),
        "told": In(stream.Signature(8)),
        "hold": Out(1), "held": In(1), "forget": Out(1),
    }


def connect_generation(m: Module, machine: Machine, asks: Any, answers: Any) -> None:
    """Connect who asks with who answers, or has it from there."""
    for name, member in generation_members(machine).items():
        one, other = getattr(asks, name), getattr(answers, name)
        if member.is_signature:
            connect_streams(m, *((one, other) if member.flow is Out else (other, one)))
        else:
            m.d.comb += other.eq(one) if member.flow is Out else one.eq(other)
