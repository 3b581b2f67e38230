"""Time steps of an image file alone, without its model."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from sterna.families.common import Saved, Timeout
from sterna.families.requests import RunRequest
from sterna.families.saved import Going, Named
from sterna.families.steps.going import GoingSteps
from sterna.families.steps.image import OUTPUT, check_facts, run_probed, step_inputs
from sterna.families.steps.options import (
    Inputs,
    Outputs,
    RecordedSamples,
    Recordings,
    Rounding,
    RunSteps,
    Seed,
)
from sterna.families.steps.result import RunSteppedResult
from sterna.files.arrays import check_file, save_arrays
from sterna.host.open_board import open_board
from sterna.host.step_board import StepBoard
from sterna.machine.image import MemoryImage
from sterna.options import Group
from sterna.progress import Report

GROUPS: tuple[type[Group], ...] = (
    Inputs, Recordings, RecordedSamples, Rounding, RunSteps, Seed, Outputs, Saved)


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
    steps = GoingSteps.of(options, Going.of(options, sources))
    given = step_inputs(side, wanted.input, steps.steps, steps.seed, wanted.input_fraction,
                        options.take(Rounding).allow_rounding, report, steps.before,
                        options.take(Recordings).binning(options.take(RecordedSamples).samples))
    if given.told:
        report.note(given.told)
    start = steps.start(Named.image(image), given.codes.shape)
    with closing(open_board(StepBoard, request.device, image, report, options.take(Timeout).timeout)
                 ) as network:
        steps.prepare(network)
        values = run_probed(network, given.codes, report, start)
        steps.write(Named.image(image), network, wanted.input is None)
    name, probes = str(side.facts["output"]), side.facts.get("probes", {})
    outputs = {name: values.pop(OUTPUT), **values}
    if output is not None:
        save_arrays(output, outputs, sources)
    spikes = {probe: bool(facts["spikes"]) for probe, facts in probes.items()}
    return RunSteppedResult(image.model, given.codes.shape[0], given.codes.shape[1],
                            outputs, {name: bool(side.facts["spikes"]), **spikes})
