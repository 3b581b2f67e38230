"""Commands that lanes look at before the engine works them off."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module

from sterna_hw.stream import StreamQueue

_COMMANDS_AHEAD = 2
"""That lanes may have looked at before the first of them begins."""


def give_ahead(m: Module, commands: Any, lanes: Any) -> Any:
    """Give each command to ``lanes.commands`` and to a queue; the stream that leaves that."""
    m.submodules.ahead = ahead = StreamQueue(commands.payload.shape(), _COMMANDS_AHEAD)
    m.d.comb += [
        ahead.i.payload.eq(commands.payload),
        lanes.commands.payload.eq(commands.payload),
        ahead.i.valid.eq(commands.valid & lanes.commands.ready),
        lanes.commands.valid.eq(commands.valid & ahead.i.ready),
        commands.ready.eq(ahead.i.ready & lanes.commands.ready),
    ]
    return ahead.o
