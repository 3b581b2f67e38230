"""A network takes the steps of a file, or of random inputs, on any device."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.common import Image, Timeout
from sterna.families.opening import open_image
from sterna.families.requests import RunRequest
from sterna.families.saved import Going, Named
from sterna.families.spiking.integers import SpikingNetwork
from sterna.families.spiking.lowering import lower
from sterna.families.steps.going import GoingSteps
from sterna.families.steps.image import OUTPUT, run_probed, run_steps
from sterna.families.steps.inputs import TakenOptions, wide_enough
from sterna.families.steps.open_device import open_spiking_device
from sterna.families.steps.options import Outputs, Probes
from sterna.families.steps.probes import probed
from sterna.families.steps.result import RunSteppedResult
from sterna.families.steps.shape import StepShape
from sterna.files.arrays import check_file, save_arrays
from sterna.host.address import EMULATOR, SIMULATED
from sterna.host.spiking_device import SpikingDevice
from sterna.host.step_board import StepBoard
from sterna.law.neuron import Output
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.steps.model import StepModel

MOST_OUTPUTS = 1 << 26
"""Of all steps of a run together, which are kept until its end."""


def run(model: StepModel, request: RunRequest, report: Report) -> RunSteppedResult:
    """Run the network, and write its outputs where they are wanted."""
    options, device = request.options, request.device
    inputs, shape = options.take(TakenOptions), options.take(StepShape)
    image, output = options.take(Image).image, options.take(Outputs).output
    sources = [*model.sources, *(path for path in (inputs.input, image) if path is not None)]
    if output is not None:
        check_file(output, sources)
    fixed = shape.config is not None or image is not None or "://" in device
    steps = GoingSteps.of(options, Going.of(options, sources))
    taken = inputs.take(model.network, steps.steps, steps.seed, fixed, report, steps.before)
    probes = probed(taken.network, options.take(Probes).probe)
    network, codes = probes.network, taken.codes
    what = f"network {network.name}" if inputs.input is None else str(inputs.input)
    check_room(what, network, codes.shape[:2], device, probes.neurons)
    named = Named.program(lower(taken.network))
    start = steps.start(named, codes.shape)
    if device == "golden":
        from sterna.families.spiking.golden import GoldenNetwork  # and with it PyTorch

        golden = GoldenNetwork(network, codes.shape[1])
        if start is not None:
            golden.restore(start)
        outputs = golden.run(codes, report, probes.states)
        steps.write(named, golden, inputs.input is None)
        for name, count in golden.saturated().items():
            report.note(f"{model.name}: {name}: {saturation_line(count)}")
    else:
        if not fixed:
            code_bits = wide_enough(shape.code_bits, codes, lower(network))
            shape = replace(shape, code_bits=code_bits)
        if (steps.going.asked or probes.states) and device in (EMULATOR, SIMULATED):
            shape = replace(shape, snapshots=True)
        with closing(opened(device, network, shape, report, image, options.take(Timeout).timeout)
                     ) as machine:
            steps.prepare(machine)
            found = probes.ordered(run_probed(machine, codes, report, start, probes.kept))
            outputs = {network.output: found.pop(OUTPUT), **found}
            steps.write(named, machine, inputs.input is None)
    if output is not None:
        save_arrays(output, outputs, sources)
    spikes: dict[str, bool | None] = dict.fromkeys(probes.states)
    spikes |= {item.name: item.definition.output is Output.SPIKE for item in network.populations}
    return RunSteppedResult(model.name, codes.shape[0], codes.shape[1], outputs, spikes)


def check_room(
    what: str, network: SpikingNetwork, shape: tuple[int, ...], device: str, more: int = 0
) -> None:
    """Raise `InputError` for more outputs than a run may keep; ``shape`` is [steps, batch], and
    ``more`` are kept of each."""
    steps, batch = shape
    told = [item for item in network.populations if device == "golden" or (
        item.name in (network.output, *network.beside))]
    neurons = batch * (more + sum(item.neurons for item in told))
    if steps * neurons > MOST_OUTPUTS:
        raise InputError(f"{what}: {steps} steps of {neurons} outputs; give at most "
                         f"{MOST_OUTPUTS // neurons} steps a run")


def run_on(
    device: str, network: SpikingNetwork, codes: NDArray[np.integer], shape: StepShape,
    report: Report, image: Path | None = None, timeout: float | None = None,
) -> NDArray[np.int64]:
    """Outputs [steps, batch, neurons] of a simulated or real board, one of a batch at a time."""
    with closing(opened(device, network, shape, report, image, timeout)) as machine:
        return run_steps(machine, codes, report)


def opened(
    device: str, network: SpikingNetwork, shape: StepShape, report: Report,
    image: Path | None = None, timeout: float | None = None,
) -> SpikingDevice:
    """A simulated or real board, ready for its first step."""
    program = lower(network)
    if image is not None:
        return open_image(StepBoard, device, program, image, report, timeout)
    return open_spiking_device(device, program, shape.fitted(program), report, timeout=timeout)


def saturation_line(count: int) -> str:
    """What saturation is, and the way out."""
    return (f"{count} neuron steps at the limit of the membrane's bits; import with a lower "
            "--fraction, or smaller inputs")
