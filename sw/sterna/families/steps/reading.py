"""Which options a task reads of a model that runs in time steps, as the others are given."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sterna_boards.options import Baud, BoardClock, BoardLanes, Weights

from sterna.families import common
from sterna.families.steps.options import (
    BoardShape,
    CheckedDevice,
    Config,
    Labels,
    RecordedSamples,
    Recordings,
    Rounding,
    RunSteps,
    Seed,
    Shape,
    Silent,
    Steps,
)
from sterna.host.address import GOLDEN
from sterna.options import Group, Reading

if TYPE_CHECKING:
    from sterna.families.requests import Request


def reading(request: Request, groups: tuple[type[Group], ...],
            more: dict[type[Group], str] | None = None) -> Reading:
    """All groups of the command but those that the other options leave without a reader, and
    ``more``, which the family leaves without one."""
    unread = (more or {}) | {group: why for group, why in _unread(request).items()
                             if group in groups}
    return Reading(tuple(group for group in groups if group not in unread), unread)


def unread_of_eval(request: Request, none: str) -> dict[type[Group], str]:
    """What is for samples with labels, where there are ``none``, and for a device, without one."""
    golden = request.options.take(CheckedDevice).device in (None, GOLDEN)
    unread = common.unread_on(request, (Shape, Config), ()) if golden else {}
    return unread | (dict.fromkeys((Labels, CheckedDevice), none) if none else {})


def _unread(request: Request) -> dict[type[Group], str]:
    options, unread = request.options, _unread_of_recordings(request)
    if "input" in options:
        unread |= dict.fromkeys((Steps, RunSteps, Silent),
                                "is of random inputs; --input has its own")
        if request.command in ("run", "report"):
            unread[Seed] = "is of random inputs; --input has its own"
    elif "data" not in options:
        file = "--data" if request.command == "eval" else "--input"
        unread[Rounding] = f"is for the inputs of a file; give {file}"
    if request.command in ("run", "load"):
        unread |= common.unread_on(request, (Shape, Config, common.Snapshots),
                                   (Config, Shape, common.Snapshots))
    if "config" in options:
        for group in (Shape, BoardShape):
            unread.setdefault(group, "shapes the accelerator, and --config does; give one of them")
    board = getattr(request, "board", "")
    if request.command in ("rtl", "bench") and board is not None:
        unread[Config] = "and --board both name a shape; with --board leave --config out"
    if request.command == "bench":
        unread[Baud if board is None else common.Timeout] = (
            "chooses for a board; give --board" if board is None
            else "is for boards; with --board it is simulated")
    if board is None:
        unread |= dict.fromkeys((BoardClock, BoardLanes, Weights),
                                "chooses for a board; give --board")
        if request.command not in ("rtl", "bench"):
            unread[BoardShape] = "chooses for a board; give --board"
    return unread


def _unread_of_recordings(request: Request) -> dict[type[Group], str]:
    """Options of recordings that the file is none for."""
    from sterna.families.spiking.input_file import ARRAYS
    from sterna.families.spiking.recording.files import HDF5

    options = request.options
    file = next((options[name] for name in ("input", "data") if name in options), "")
    suffix, unread = Path(str(file)).suffix, {}
    if not file or suffix in ARRAYS:
        unread[Recordings] = "is for recordings of events with their times; give --input one"
    if suffix not in HDF5 and request.command != "eval":
        unread[RecordedSamples] = "is for files of many samples (.h5)"
    return unread
