"""`sterna run`: a model continues prompts, on any device; a spiking network takes steps."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from sterna.cli.device_options import (
    COLUMNS,
    CONFIGURATION,
    EMBEDDING,
    LANE,
    ROWS,
    VECTOR_LANES,
    ShapeOptions,
)
from sterna.cli.model_argument import MODEL_HELP, open_model
from sterna.cli.spiking_options import CODE_BITS, NEURON_LANES, SPIKE_LANES, SpikingOptions
from sterna.cli.terminal import ProgressReport
from sterna.errors import InputError, LinkError


def run(
    model: str = typer.Argument(..., metavar="MODEL", help=MODEL_HELP),
    device: str = typer.Option(
        "golden", help="golden, sim, serial:///dev/ttyUSB0?baud=1000000 or tcp://host:port."
    ),
    prompt: list[str] = typer.Option(
        ["Once upon a time"], help="Text to continue; each of several starts anew."
    ),
    max_tokens: int = typer.Option(64, help="Most tokens to add to a prompt."),
    temperature: float = typer.Option(0.0, help="0 takes the best token; above, sample."),
    top_p: float = typer.Option(1.0, help="Sample from the fewest tokens that reach this."),
    top_k: int | None = typer.Option(None, help="Sample from this many tokens at most."),
    seed: int = typer.Option(0, help="Seed of the sampling; the same on every device."),
    stats: bool = typer.Option(False, "--stats", help="Tell speed and counters afterwards."),
    source: Path | None = typer.Option(
        None, "--input", metavar="FILE",
        help="Spiking networks: frames (.npz, .npy) or lines of step,address; else random spikes.",
    ),
    output: Path | None = typer.Option(
        None, "-o", "--output", metavar="FILE", help="Spiking networks: .npz of every output."
    ),
    steps: int = typer.Option(100, help="Spiking networks: steps of random spikes."),
    config: str | None = CONFIGURATION,
    rows: int | None = ROWS,
    columns: int | None = COLUMNS,
    vector_lanes: int | None = VECTOR_LANES,
    embedding: str = EMBEDDING,
    lane: str | None = LANE,
    lanes: int | None = SPIKE_LANES,
    neuron_lanes: int | None = NEURON_LANES,
    code_bits: int | None = CODE_BITS,
) -> None:
    """Continue prompts; the text comes as it is made. Or run a spiking network on its input."""
    from sterna.cli.spiking import open_spiking, run_spiking
    from sterna.compiler.lowering import lower
    from sterna.host.generate import Statistics, generate
    from sterna.host.open_device import open_device
    from sterna.host.sampling import Sampling

    if (spiking := open_spiking(model)) is not None:
        options = SpikingOptions(lanes, neuron_lanes, code_bits, config)
        run_spiking(spiking, device, source, output, steps, seed, options)
        return
    if source is not None or output is not None:
        raise InputError(f"{model}: --input and --output are for spiking networks; give --prompt")
    shape = ShapeOptions(config, rows, columns, vector_lanes, embedding, lane)
    sampling = Sampling(temperature, top_k, top_p, seed)
    opened = open_model(model)
    tokenizer = opened.tokenizer()
    program = lower(opened.model, name=opened.name)
    with ProgressReport() as report:
        machine = open_device(
            device, program, shape.fitted(program), shape.embedding, report
        )
    try:
        for text in prompt:
            statistics = Statistics()
            pieces = generate(
                machine, tokenizer, text, begin=opened.begin, end=opened.end,
                maximum_tokens=max_tokens, sampling=sampling, statistics=statistics,
            )
            sys.stdout.write(text)
            sys.stdout.flush()
            try:
                for piece in pieces:
                    sys.stdout.write(piece)
                    sys.stdout.flush()
            except LinkError:
                # The board went away: the text so far stays, and the error has its own line.
                sys.stdout.write("\n")
                sys.stdout.flush()
                raise
            sys.stdout.write("\n")
            if stats:
                _tell(machine.name, statistics)
    finally:
        machine.close()


def _tell(name: str, statistics: object) -> None:
    from sterna.host.generate import Statistics

    assert isinstance(statistics, Statistics)
    counters, steps = statistics.counters, len(statistics.steps)
    line = (
        f"{name}: {statistics.prompt_tokens} + {statistics.generated_tokens} tokens in "
        f"{statistics.seconds:.2f} s, {statistics.tokens_per_second:.1f} tokens/s"
    )
    if counters.cycles:
        line += (
            f"; {counters.cycles / steps:.0f} cycles a token, engine busy "
            f"{counters.utilisation:.1%}, waiting for weights "
            f"{counters.waiting_weights / counters.cycles:.1%}, for codes "
            f"{counters.waiting_codes / counters.cycles:.1%}"
        )
    print(line, file=sys.stderr)
