"""`sterna bench`: cycles, utilisation and speed of a token."""

from __future__ import annotations

import time

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
from sterna.cli.terminal import ProgressReport, print_json, print_table
from sterna.cli.tokens import random_tokens
from sterna.errors import CheckError, InputError


def bench(
    model: str = typer.Argument(..., metavar="MODEL", help=MODEL_HELP),
    device: str = typer.Option("sim", help="sim, or the address of a board."),
    tokens: int = typer.Option(4, help="Tokens to compute."),
    seed: int = typer.Option(0, help="Seed of the token ids."),
    clock_hz: float = typer.Option(100e6, help="Clock for which tokens per second are told."),
    json: bool = typer.Option(False, "--json", help="One JSON object."),
    config: str | None = CONFIGURATION,
    rows: int | None = ROWS,
    columns: int | None = COLUMNS,
    vector_lanes: int | None = VECTOR_LANES,
    embedding: str = EMBEDDING,
    lane: str | None = LANE,
) -> None:
    """Measure cycles per token, and compare every result with the golden."""
    from sterna.compiler.lowering import lower
    from sterna.host.counters import Counters
    from sterna.host.golden_device import GoldenDevice
    from sterna.host.open_device import open_device

    if device == "golden":
        raise InputError("device golden: has no clock to measure; give sim or a board's address")
    if not clock_hz > 0:
        raise InputError(f"clock-hz is {clock_hz}; it must be above 0")
    shape = ShapeOptions(config, rows, columns, vector_lanes, embedding, lane)
    opened = open_model(model)
    ids = random_tokens(opened, tokens, seed)
    program = lower(opened.model, name=opened.name)
    configuration = shape.fitted(program)
    with ProgressReport() as report:
        machine = open_device(device, program, configuration, shape.embedding, report)
        try:
            results, seconds = [], 0.0
            for done, token in enumerate(ids):
                report("computing tokens", done, tokens)
                start = time.monotonic()
                results.append(machine.step(token))
                seconds += time.monotonic() - start
        finally:
            machine.close()
    golden = GoldenDevice(program, configuration.top_k)
    differences = sum(
        result.candidates() != golden.step(token).candidates()
        for token, result in zip(ids, results, strict=True)
    )
    total = Counters.total(result.counters for result in results)
    repeats = {section.name: section.repeat for section in program.sections}
    weights = sum(
        height * width * repeats[section]
        for (section, _), (height, width) in program.matrices.items()
    )
    cycles = total.cycles / tokens
    values: dict[str, object] = {
        "model": opened.name,
        "device": device,
        "lanes": configuration.lanes,
        "streams": 1,
        "tokens": tokens,
        "cycles_per_token": cycles,
        "weights_per_token": weights,
        "roofline_cycles_per_token": weights / configuration.lanes,
        "utilisation": total.utilisation,
        "waiting_for_weights": total.waiting_weights / total.cycles,
        "waiting_for_codes": total.waiting_codes / total.cycles,
        "clock_hz": clock_hz,
        "tokens_per_second_at_clock": clock_hz / cycles,
        "wall_tokens_per_second": tokens / seconds,
        "differences": differences,
    }
    if json:
        print_json(values)
    else:
        print_table([
            ("model", f"{opened.name}, {weights} ternary weights a token"),
            ("device", f"{device}, {configuration.lanes} lanes"),
            ("cycles per token", f"{cycles:.1f}, {weights / configuration.lanes:.1f} at full use"),
            ("engine busy", f"{total.utilisation:.2%} of the cycles"),
            ("engine waiting", f"{total.waiting_codes / total.cycles:.2%} for codes, "
                               f"{total.waiting_weights / total.cycles:.2%} for weights"),
            ("at the clock", f"{clock_hz / cycles:.1f} tokens/s at {clock_hz / 1e6:g} MHz"),
            ("here", f"{tokens / seconds:.2f} tokens/s"),
            ("results unlike golden", differences),
        ])
    if differences:
        raise CheckError(f"{differences} of {tokens} results differ from the golden")
