"""The routed build of a report: the named one, or that of its board if it is of the model."""

from __future__ import annotations

import os
from shlex import join
from typing import TYPE_CHECKING, Any

from sterna_boards.kept_build import KeptBuild, read_build

from sterna.errors import InputError
from sterna.families.requests import BUILDS, ReportRequest
from sterna.machine.machine import Machine

if TYPE_CHECKING:
    from sterna.families.model import ProgramModel


def kept_values(model: ProgramModel, request: ReportRequest, board: str, machine: Machine
                ) -> dict[str, Any]:
    """Its layout and clock; where there is none, ``why``, and ``how`` one is made.

    Raises `InputError` for a named folder that is no build of the model for the board.
    """
    folder = request.build or BUILDS / board
    if request.build is None and not os.path.isdir(folder):
        return _missing(model, board, f"{folder}: there is no build")
    try:
        kept = _of(read_build(folder), model, board)
    except InputError as error:
        if request.build is not None:
            raise
        return _missing(model, board, str(error))
    facts = kept.facts
    return {"folder": str(folder), "clock_mhz": facts["clock_mhz"], "fmax_mhz": facts["fmax_mhz"],
            "same_machine": facts["configuration_digest"] == f"{machine.digest():016x}",
            "layout": dict(kept.layout)}


def _of(kept: KeptBuild, model: ProgramModel, board: str) -> KeptBuild:
    reason = kept.why_not(model.lowered.name, board)
    if reason is not None:
        raise InputError(f"{kept.folder}: {reason}; name another folder with --build")
    return kept


def _missing(model: ProgramModel, board: str, why: str) -> dict[str, Any]:
    return {"why": why, "how": join(["sterna", "build", model.name, "--board", board])}
