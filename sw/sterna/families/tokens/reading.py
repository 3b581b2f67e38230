"""Which options a task reads of a model that runs token by token, as the others are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna_boards.options import Baud, BoardClock, BoardLanes, Weights

from sterna.families import common
from sterna.families.tokens.options import (
    ChipSize,
    Config,
    ConfigAlone,
    Lanes,
    LongPrompt,
    OutsideMemory,
    ScoredText,
    Streams,
    unread_prompts,
)
from sterna.options import Group, Reading

if TYPE_CHECKING:
    from sterna.families.requests import Request


def reading(request: Request, groups: tuple[type[Group], ...]) -> Reading:
    """All groups of the command but those that the other options leave without a reader."""
    unread = dict(_UNREAD.get(request.command, _nothing)(request))
    return Reading(tuple(group for group in groups if group not in unread), unread)


def _nothing(request: Request) -> dict[type[Group], str]:
    del request
    return {}


def _run(request: Request) -> dict[type[Group], str]:
    unread = common.unread_on(request, (Lanes, common.Snapshots),
                              (Config, Lanes, Streams, common.Snapshots))
    if "chat" in request.options:
        unread[common.Saved] = "is of plain texts; `sterna chat` saves conversations"
    return unread | unread_prompts(request.options)


def _bench(request: Request) -> dict[type[Group], str]:
    if getattr(request, "board", None) is not None:
        unread: dict[type[Group], str] = dict.fromkeys(
            (OutsideMemory, ChipSize, Config, common.Timeout),
            "says what --board knows; give one of them")
    else:
        unread = _outside(request) | dict.fromkeys(
            (BoardLanes, BoardClock, Weights, Baud), "chooses for a board; give --board")
    if common.Timeout not in unread and ("memory" in request.options or request.model is None):
        unread[common.Timeout] = "is for boards; a memory outside is simulated"
    streams = request.options.take(Streams)
    if max(streams.streams or 1, streams.texts or 1) == 1 and "config" not in request.options:
        unread[LongPrompt] = "is read by one of several streams; give --streams"
    return unread


def _outside(request: Request) -> dict[type[Group], str]:
    if "memory" in request.options or request.model is None:
        return {}
    return {ChipSize: "says what stays beside a memory outside; give --memory"}


def _estimate(request: Request) -> dict[type[Group], str]:
    if getattr(request, "board", None) is None:
        return _outside(request) | dict.fromkeys(
            (BoardLanes, BoardClock, Weights), "chooses for a board; give --board")
    return dict.fromkeys((OutsideMemory, ChipSize),
                         "says what --board knows; give one of them")


def _rtl(request: Request) -> dict[type[Group], str]:
    if getattr(request, "board", None) is None:
        return {BoardClock: "is for --board; the Verilog alone has no clock of its own",
                BoardLanes: "chooses for a board; give --board"}
    return {ConfigAlone: "and --board both name a shape; with --board leave --config out"}


def _eval(request: Request) -> dict[type[Group], str]:
    if "ids" in request.options or "logits" in request.options:
        return {ScoredText: "scores a text; --ids and --logits are instead of one"}
    return {}


def _program(request: Request) -> dict[type[Group], str]:
    if "machine" in request.options:
        return {}
    return dict.fromkeys((Config, Lanes), "shapes the accelerator; give --machine to see it")


_UNREAD = {"run": _run, "load": _run, "chat": _run, "serve": _run, "verify": _outside,
           "bench": _bench, "estimate": _estimate, "rtl": _rtl, "eval": _eval, "program": _program}
