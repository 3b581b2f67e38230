"""What `sterna run` does with an image file alone."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from sterna.cli.spiking_inputs import InputOptions
from sterna.cli.spiking_outputs import spikes_or_sums
from sterna.cli.terminal import ProgressReport, print_table
from sterna.cli.texts import continue_texts
from sterna.errors import InputError
from sterna.files.arrays import check_file, save_arrays
from sterna.host.sampling import Sampling
from sterna.machine.host_side import TEXT
from sterna.tasks.open_image import open_steps, open_tokens
from sterna.tasks.run_image import load_runnable, run_steps, step_inputs, text_of
from sterna.tasks.transports import check_image_address

BOTH = {"image", "device", "timeout", "seed"}
TEXT_OPTIONS = {"prompt", "prompts", "max_tokens", "temperature", "top_p", "top_k", "stats"}
STEP_OPTIONS = {"source", "input_fraction", "allow_rounding", "output", "steps"}


@dataclass(frozen=True)
class TextRequest:
    """What a language model is asked for."""

    texts: list[str]
    maximum_tokens: int
    sampling: Sampling
    stats: bool


@dataclass(frozen=True)
class StepRequest:
    """What a spiking network is asked for."""

    inputs: InputOptions
    output: Path | None
    steps: int
    seed: int


def run_image(context: typer.Context, path: Path, device: str, timeout: float | None,
              text: TextRequest, step: StepRequest) -> None:
    """Load a board with the image, and run it as its kind of model is run."""
    check_image_address(device)
    image, side = load_runnable(path)
    if side.use == TEXT:
        _refuse(context, TEXT_OPTIONS, f"{image.model}, a language model")
        way = text_of(path, side)
        with ProgressReport() as report:
            machine = open_tokens(device, image, report, timeout)
        continue_texts(machine, way.tokenizer, text.texts, way.begin, way.end,
                       text.maximum_tokens, text.sampling, text.stats)
        return
    _refuse(context, STEP_OPTIONS, f"{image.model}, a spiking network")
    sources = [item for item in (path, step.inputs.source) if item is not None]
    if step.output is not None:
        check_file(step.output, sources)
    given = step_inputs(side, step.inputs.source, step.steps, step.seed, step.inputs.fraction,
                        step.inputs.allow_rounding)
    if given.told:
        print(given.told, file=sys.stderr)
    with ProgressReport() as report:
        network = open_steps(device, image, report, timeout)
        try:
            values = run_steps(network, given.codes, report)
        finally:
            network.close()
    name = str(side.facts["output"])
    if step.output is not None:
        save_arrays(step.output, {name: values}, sources)
    print_table([("steps", f"{given.codes.shape[0]} x {given.codes.shape[1]}"),
                 (name, spikes_or_sums(values, side.facts["spikes"]))])


def _refuse(context: typer.Context, read: set[str], what: str) -> None:
    """Raise `InputError` for a given option that this run does not read."""
    for parameter in context.command.params:
        name = str(parameter.name)
        source = context.get_parameter_source(name)
        if name not in BOTH | read and source is not None and source.name == "COMMANDLINE":
            flag = next(item for item in parameter.opts if item.startswith("--"))
            raise InputError(f"{flag}: has no meaning for the image of {what}")
