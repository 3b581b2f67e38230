"""`sterna run`: a model continues prompts, on any device; a spiking network takes steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import typer

from sterna.cli.device_options import (
    COLUMNS,
    CONFIGURATION,
    EMBEDDING,
    LANE,
    ROWS,
    STREAMS,
    TIMEOUT,
    VECTOR_LANES,
    ShapeOptions,
)
from sterna.cli.model_argument import MODEL_HELP, open_model, sources_of
from sterna.cli.spiking_inputs import (
    ALLOW_ROUNDING,
    INPUT_FILE,
    INPUT_FRACTION,
    InputOptions,
)
from sterna.cli.spiking_options import (
    CODE_BITS,
    COMPARE,
    CURRENT,
    DT,
    NEURON,
    NEURON_LANES,
    PRODUCER,
    RESET,
    SPIKE_LANES,
    SpikingOptions,
    nir_choices,
    refuse_language_options,
)
from sterna.cli.terminal import ProgressReport
from sterna.errors import InputError


def run(
    context: typer.Context,
    model: str | None = typer.Argument(
        None, metavar="[MODEL]", help=f"{MODEL_HELP}. With --image it may be left out."),
    device: str = typer.Option(
        "golden", help="golden, emulator (the board without a clock), sim (its Verilog), "
        "serial:///dev/ttyUSB0 or tcp://host:port; the rate is that of "
        "--config or --image, or ?baud=N behind the port."
    ),
    timeout: float | None = TIMEOUT,
    prompt: list[str] = typer.Option(
        ["Once upon a time"], help="Text to continue; each of several starts anew."
    ),
    prompts: Path | None = typer.Option(
        None, "--prompts", metavar="FILE", help="Instead of --prompt: each line of a file."
    ),
    max_tokens: int = typer.Option(64, help="Most tokens to add to a prompt."),
    temperature: float = typer.Option(0.0, help="0 takes the best token; above, sample."),
    top_p: float = typer.Option(1.0, help="Sample from the fewest tokens that reach this."),
    top_k: int | None = typer.Option(None, help="Sample from this many tokens at most."),
    seed: int = typer.Option(0, help="Seed of the sampling; the same on every device."),
    stats: bool = typer.Option(False, "--stats", help="Tell speed and counters afterwards."),
    source: Path | None = INPUT_FILE,
    input_fraction: int | None = INPUT_FRACTION,
    allow_rounding: bool = ALLOW_ROUNDING,
    output: Path | None = typer.Option(
        None, "-o", "--output", metavar="FILE", help="Spiking networks: .npz of every output."
    ),
    steps: int = typer.Option(100, help="Spiking networks: steps of random inputs."),
    config: str | None = CONFIGURATION,
    rows: int | None = ROWS,
    columns: int | None = COLUMNS,
    vector_lanes: int | None = VECTOR_LANES,
    embedding: str = EMBEDDING,
    lane: str | None = LANE,
    lanes: int | None = SPIKE_LANES,
    neuron_lanes: int | None = NEURON_LANES,
    code_bits: int | None = CODE_BITS,
    producer: str | None = PRODUCER,
    dt: float | None = DT,
    reset: list[str] | None = RESET,
    current: str | None = CURRENT,
    compare: str | None = COMPARE,
    neuron: list[str] | None = NEURON,
    streams: int | None = STREAMS,
    image: Path | None = typer.Option(
        None, "--image", metavar="FILE",
        help="Load this memory image (image.sterna of `build` and `rtl`) instead of compiling.",
    ),
) -> None:
    """Continue prompts; the text comes as it is made. Or run a spiking network on its input.

    With several token streams as many prompts are continued at once, and read in chunks; the texts
    are printed one after the other, and are the same.
    """
    from sterna.cli.texts import continue_texts
    from sterna.host.sampling import Sampling

    if model is None:
        from sterna.cli.run_image import StepRequest, TextRequest, run_image

        if image is None:
            raise InputError("give a MODEL, or the image of one with --image")
        run_image(
            context, image, device, timeout,
            TextRequest(prompt if prompts is None else _lines(prompts), max_tokens,
                        Sampling(temperature, top_k, top_p, seed), stats),
            StepRequest(InputOptions(source, input_fraction, allow_rounding), output, steps, seed))
        return
    from sterna.cli.spiking import open_spiking, run_spiking
    from sterna.families.matmul_free.lowering import lower
    from sterna.tasks.open_device import open_device, open_image

    choices = nir_choices(producer, dt, reset, current, compare, neuron)
    options = SpikingOptions(lanes, neuron_lanes, code_bits, config, timeout)
    inputs = InputOptions(source, input_fraction, allow_rounding)
    if (spiking := open_spiking(model, choices, "run")) is not None:
        refuse_language_options(rows=rows, columns=columns, lane=lane, vector_lanes=vector_lanes,
                                streams=streams, prompts=prompts, top_k=top_k)
        if image is not None and replace(options, timeout=None) != SpikingOptions():
            raise InputError(f"{image}: has its own shape; leave the options of the shape out")
        run_spiking(spiking, device, inputs, output, steps, seed, options, image,
                    sources_of(model, config))
        return
    if source is not None or output is not None:
        raise InputError(f"{model}: --input and --output are for spiking networks; give --prompt")
    options.refuse()
    inputs.refuse()
    shape = ShapeOptions(config, rows, columns, vector_lanes, embedding, lane, streams=streams)
    texts = prompt if prompts is None else _lines(prompts)
    sampling = Sampling(temperature, top_k, top_p, seed)
    opened = open_model(model)
    tokenizer = opened.tokenizer()
    program = lower(opened.model, name=opened.name)
    with ProgressReport() as report:
        if image is None:
            machine = open_device(
                device, program, shape.fitted(program), shape.embedding, report, timeout)
        elif shape == ShapeOptions(None, None, None, None):
            machine = open_image(device, program, image, report, timeout)
        else:
            raise InputError(f"{image}: has its own shape; leave the options of the shape out")
    continue_texts(machine, tokenizer, texts, opened.begin, opened.end, max_tokens, sampling, stats)


def _lines(path: Path) -> list[str]:
    """The lines of a file as prompts. Raises `InputError` when there is none."""
    from sterna.formats.tokenizer import read_text

    lines = [line for line in read_text(path).splitlines() if line.strip()]
    if not lines:
        raise InputError(f"{path}: has no prompt; give one in each line")
    return lines
