"""The processor of texts: its instructions, one after the other, and what its language refuses."""

from __future__ import annotations

from typing import Any

import pytest
from sterna_hw.generate.assembler import assemble
from sterna_hw.generate.processor import Processor
from sterna_sim.streams import simulate

NAMES = ("value",), ("send", "turn", "wait"), (*Processor.OWN, "asked")
LONG = 30
"""Clocks that something takes."""
TEXT = """
    u8
    out send                ; 0x11
    u24
    out send                ; 0x443322
    keep kept
    less #BIG
    if borrow go below
    out wait                ; is never reached
below:
    out send                ; what borrows is wrapped
    load #7
    keep .own
    load #1
    out turn
    load #9
    keep .own
    load #0
    out turn
    load .own
    out send                ; 7: that of the first stream
    less #7
    unless zero go below
    out wait                ; and what follows waits
    out send
end:
    unless asked go end
    in value
    out send
stay:
    go stay
"""


def test_a_program_does_what_it_says() -> None:
    program = assemble(TEXT, ("own",), NAMES, {"BIG": 0x443323}, 256)
    unit = Processor(program, 2, len(NAMES[2]))
    sent: list[tuple[int, int]] = []

    async def around(ctx: Any) -> None:
        data, stall = iter(range(0x11, 0x99, 0x11)), 0
        ctx.set(unit.byte, next(data))
        ctx.set(unit.value, 77)
        for clock in range(600):
            _, _, out, number, value, step = await ctx.tick().sample(
                unit.out, unit.number, unit.accumulator, unit.take_byte)
            if step:
                ctx.set(unit.byte, next(data))
            if out and number == 0:
                sent.append((clock, value))
            if out and number == 1:
                ctx.set(unit.stream, value)
            stall = LONG if out and number == 2 else max(0, stall - 1)
            ctx.set(unit.waits, stall > 0)
            ctx.set(unit.conditions, clock > 400)

    simulate(unit, around)
    values = [value for _, value in sent]
    assert values == [0x11, 0x443322, (1 << 32) - 1, 7, 0, 77]
    assert sent[4][0] - sent[3][0] > LONG
    assert sent[5][0] > 400


@pytest.mark.parametrize("line", [
    "lode x", "in nothing", "out nothing", "if nothing go end", "go nowhere", "load .nothing",
    "load #NOTHING"])
def test_what_is_not_there_is_refused(line: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        assemble(f"end:\n    {line}\n", ("own",), NAMES, {}, 64)
