"""A simulated board at a serial port, for drivers that have no board."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sterna.families.requests import SimulateRequest
from sterna.progress import Report
from sterna.tasks.perform import opened

if TYPE_CHECKING:
    from sterna_sim.serial_board import SerialBoard


@contextmanager
def simulate(request: SimulateRequest, report: Report | None = None) -> Iterator[SerialBoard]:
    """The board while the context lasts; its ``address`` is what a driver opens.

    It is shaped for the model and empty. Raises `InputError`, also where tools are missing.
    """
    from sterna_sim.serial_board import SerialBoard

    report = report or Report()
    with opened(request, report) as model:
        machine = model.machine(request)
    with SerialBoard(machine, progress=report) as board:
        yield board
