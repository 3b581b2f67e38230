"""Time steps of an image file alone, without its model."""

from __future__ import annotations

from pathlib import Path

from sterna.families.common import Timeout
from sterna.families.requests import RunRequest
from sterna.families.steps.image import check_facts, run_steps, step_inputs
from sterna.families.steps.options import Inputs, Outputs, Rounding, RunSteps, Seed
from sterna.families.steps.result import RunSteppedResult
from sterna.files.arrays import check_file, save_arrays
from sterna.host.open_board import open_board
from sterna.host.step_board import StepBoard
from sterna.machine.image import MemoryImage
from sterna.options import Group
from sterna.progress import Report

GROUPS: tuple[type[Group], ...] = (Inputs, Rounding, RunSteps, Seed, Outputs)


def run_image(path: Path, image: MemoryImage, request: RunRequest, report: Report
              ) -> RunSteppedResult:
    """Take steps on a board that is loaded with the image."""
    options, side = request.options, image.host
    assert side is not None
    check_facts(path, side)
    wanted, output = options.take(Inputs), options.take(Outputs).output
    sources = [item for item in (path, wanted.input) if item is not None]
    if output is not None:
        check_file(output, sources)
    given = step_inputs(side, wanted.input, options.take(RunSteps).steps, options.take(Seed).seed,
                        wanted.input_fraction, options.take(Rounding).allow_rounding, report)
    if given.told:
        report.note(given.told)
    network = open_board(StepBoard, request.device, image, report, options.take(Timeout).timeout)
    try:
        values = run_steps(network, given.codes, report)
    finally:
        network.close()
    name = str(side.facts["output"])
    if output is not None:
        save_arrays(output, {name: values}, sources)
    return RunSteppedResult(image.model, given.codes.shape[0], given.codes.shape[1],
                            {name: values}, {name: bool(side.facts["spikes"])})
