"""`sterna verify`: the generated Verilog against the golden, every value."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import typer

from sterna.cli.device_options import (
    CHIP_MBIT,
    COLUMNS,
    CONFIGURATION,
    EMBEDDING,
    LANE,
    MEMORY,
    ROWS,
    SHAPE,
    STREAMS,
    VECTOR_LANES,
    ShapeOptions,
    default_memory,
)
from sterna.cli.model_argument import MODEL_HELP, opened_model
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
from sterna.cli.terminal import ProgressReport, print_json
from sterna.cli.tokens import random_tokens
from sterna.errors import CheckError, InputError


def verify(
    model: str | None = typer.Argument(None, metavar="[MODEL]", help=MODEL_HELP),
    size: str | None = SHAPE,
    tokens: int = typer.Option(
        8, help="Tokens of each stream to compare; of four or more, some in another text."),
    seed: int = typer.Option(0, help="Seed of the token ids."),
    device: str = typer.Option(
        "sim", help="sim, the Verilog of the whole board, or emulator, its memory image alone."),
    stalls: int = typer.Option(0, help="Pauses of the link, in a thousandth of the cycles."),
    json: bool = typer.Option(False, "--json", help="One JSON object."),
    config: str | None = CONFIGURATION,
    rows: int | None = ROWS,
    columns: int | None = COLUMNS,
    vector_lanes: int | None = VECTOR_LANES,
    embedding: str = EMBEDDING,
    lane: str | None = LANE,
    steps: int = typer.Option(50, help="Spiking networks: steps of random inputs to compare."),
    source: Path | None = INPUT_FILE,
    input_fraction: int | None = INPUT_FRACTION,
    allow_rounding: bool = ALLOW_ROUNDING,
    lanes: int | None = SPIKE_LANES,
    neuron_lanes: int | None = NEURON_LANES,
    code_bits: int | None = CODE_BITS,
    producer: str | None = PRODUCER,
    dt: float | None = DT,
    reset: list[str] | None = RESET,
    current: str | None = CURRENT,
    compare: str | None = COMPARE,
    neuron: list[str] | None = NEURON,
    skip: bool = typer.Option(
        True, "--skip/--no-skip", help="Spiking networks: leave silent sources out."
    ),
    memory: str | None = MEMORY,
    streams: int | None = STREAMS,
    chip_mbit: float | None = CHIP_MBIT,
) -> None:
    """Compare every vector, scalar and accumulator of random tokens; exit 1 if one differs.

    With several token streams, texts join and leave at random.

    Of a spiking network every sum, every output and every state word of all its neurons, and what
    the accelerator sends back, at the inputs of a file or at random ones.
    """
    from sterna_sim.verification import Verifier

    from sterna.cli.emulated import emulated
    from sterna.cli.spiking import open_spiking
    from sterna.families.matmul_free.lowering import lower

    if not 0 <= stalls < 1000:
        raise InputError(f"stalls is {stalls}; it must be between 0 and 999")
    choices = nir_choices(producer, dt, reset, current, compare, neuron)
    options = SpikingOptions(lanes, neuron_lanes, code_bits, config)
    inputs = InputOptions(source, input_fraction, allow_rounding)
    if model is not None and (spiking := open_spiking(model, choices, "verify")) is not None:
        from sterna.cli.verify_spiking import verify_spiking

        refuse_language_options(rows=rows, columns=columns, lane=lane, vector_lanes=vector_lanes,
                                memory=memory, streams=streams, chip_mbit=chip_mbit)
        verify_spiking(spiking, inputs, steps, options, skip, stalls, seed, json, device)
        return
    options.refuse()
    inputs.refuse()
    shape = ShapeOptions(config, rows, columns, vector_lanes, embedding, lane,
                         memory or default_memory(size, config), streams, chip_mbit)
    outside = shape.memory
    with ProgressReport() as report, opened_model(model, size, seed, report) as opened:
        name = opened.name
        program = lower(opened.model, name=name)
        configuration = shape.fitted(program)
        texts = []
        for stream in range(configuration.streams):
            ids = random_tokens(opened, tokens, seed + stream)
            texts += [ids] if tokens < 4 else [ids[: -(tokens // 4)], ids[-(tokens // 4) :]]
        verifier = Verifier(
            program, configuration, shape.embedding,
            stall_permille=stalls, seed=seed, progress=report,
            memory=outside.timing() if outside else None,
            board=emulated(device, configuration, stalls),
        )
        start = time.monotonic()
        try:
            outcome = verifier.verify(
                texts, lambda done: report("comparing tokens", done, sum(map(len, texts)))
            )
        finally:
            verifier.close()
    seconds = time.monotonic() - start
    first = outcome.first_difference
    if json:
        print_json({
            "model": name,
            "device": device,
            "streams": configuration.streams,
            "tokens": outcome.tokens,
            "vectors_compared": outcome.vectors_compared,
            "differences": outcome.differences,
            "seconds": seconds,
            "first_difference": asdict(first) if first else None,
        })
    summary = f"{outcome.tokens} tokens, {outcome.vectors_compared} vectors compared"
    if first is not None:
        raise CheckError(f"{summary}, {outcome.differences} differ; the first: {first}")
    if not json:
        print(f"{name}: {summary}, no difference, in {seconds:.1f} s")
