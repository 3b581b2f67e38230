"""`sterna bench`: cycles, utilisation and speed of a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    TIMEOUT,
    VECTOR_LANES,
    ShapeOptions,
    default_memory,
)
from sterna.cli.measurement import measure
from sterna.cli.model_argument import MODEL_HELP, opened_model
from sterna.cli.spiking_options import (
    CODE_BITS,
    NEURON_LANES,
    SPIKE_LANES,
    SpikingOptions,
    refuse_language_options,
)
from sterna.cli.terminal import ProgressReport, print_json, print_table
from sterna.cli.tokens import random_tokens
from sterna.errors import CheckError, InputError

if TYPE_CHECKING:
    from sterna_sim.memory.presets import MemoryPreset
    from sterna_sim.memory.sdram_presets import SdramPreset

    from sterna.machine.configuration import HardwareConfiguration

IDEAL_BYTES = 0.2
"""Bytes of a weight at five trits a byte, padding aside."""


def bench(
    model: str | None = typer.Argument(None, metavar="[MODEL]", help=MODEL_HELP),
    size: str | None = SHAPE,
    device: str = typer.Option("sim", help="sim, or the address of a board."),
    timeout: float | None = TIMEOUT,
    tokens: int = typer.Option(4, help="Tokens to compute, of each stream."),
    seed: int = typer.Option(0, help="Seed of the token ids."),
    clock_hz: float | None = typer.Option(
        None, help="Clock for which tokens per second are told; without a memory 100 MHz."),
    json: bool = typer.Option(False, "--json", help="One JSON object."),
    config: str | None = CONFIGURATION,
    rows: int | None = ROWS,
    columns: int | None = COLUMNS,
    vector_lanes: int | None = VECTOR_LANES,
    embedding: str = EMBEDDING,
    lane: str | None = LANE,
    memory: str | None = MEMORY,
    steps: int = typer.Option(50, help="Spiking networks: steps of random spikes."),
    silent: float | None = typer.Option(
        None, help="Spiking networks: share of the input's codes that are 0."),
    layer: str | None = typer.Option(
        None, metavar="INPUTSxNEURONS",
        help="Instead of MODEL: one spiking layer with random weights, such as 1024x1024."),
    lanes: int | None = SPIKE_LANES,
    neuron_lanes: int | None = NEURON_LANES,
    code_bits: int | None = CODE_BITS,
    streams: int | None = STREAMS,
    chip_mbit: float | None = CHIP_MBIT,
    prompt: int = typer.Option(
        64, help="With several streams: tokens of a prompt that one of them reads."),
) -> None:
    """Measure cycles per token or time step, and compare every result with the golden."""
    from sterna.cli.spiking import open_spiking

    options = SpikingOptions(lanes, neuron_lanes, code_bits, config, timeout)
    if layer is not None and (model is not None or size is not None):
        raise InputError("give a MODEL, a --shape or a --layer, one of them")
    if layer is not None or model is not None:
        from sterna.cli.bench_spiking import bench_spiking, layer_network

        spiking = layer_network(layer, seed) if layer else open_spiking(model or "")
        if spiking is not None:
            refuse_language_options(rows=rows, columns=columns, lane=lane, memory=memory,
                                    vector_lanes=vector_lanes, streams=streams,
                                    chip_mbit=chip_mbit)
            bench_spiking(spiking, device, steps, silent, options, clock_hz, seed, json)
            return
    options.refuse()
    from sterna.families.matmul_free.lowering import lower
    from sterna.host.counters import Counters
    from sterna.tasks.open_device import open_board
    from sterna.tasks.transports import check_clock

    check_clock(device)
    shape = ShapeOptions(config, rows, columns, vector_lanes, embedding, lane,
                         memory or default_memory(size, config), streams, chip_mbit)
    outside = shape.memory
    if clock_hz is None:
        clock_hz = outside.clock_hz if outside else 100e6
    if not clock_hz > 0:
        raise InputError(f"clock-hz is {clock_hz}; it must be above 0")
    if outside and (device != "sim" or clock_hz != outside.clock_hz):
        raise InputError(
            f"memory {outside.name}: is simulated, at {outside.clock_hz / 1e6:g} MHz; leave "
            "--device and --clock-hz out")
    with ProgressReport() as report, opened_model(model, size, seed, report) as opened:
        name = opened.name
        program = lower(opened.model, name=name)
        configuration = shape.fitted(program)
        texts = [random_tokens(opened, tokens, seed + stream)
                 for stream in range(configuration.streams)]
        read = random_tokens(opened, prompt, seed + len(texts), "prompt")
        if outside is None:
            machine = open_board(device, program, configuration, shape.embedding, report,
                                 timeout)
        else:
            from sterna_sim.memory.device import open_with_memory

            machine = open_with_memory(
                program, configuration, shape.embedding, outside.timing(), report)
        try:
            measured = measure(machine, texts, read, report)
        finally:
            machine.close()
        differences = measured.differences(program, configuration.top_k, report)
    total = Counters.total(measured.together)
    weights = program.trits()
    cycles = total.cycles / tokens
    values: dict[str, object] = {
        "model": name,
        "device": device,
        "lanes": configuration.lanes,
        "streams": configuration.streams,
        "tokens": tokens,
        "cycles_per_token": cycles,
        "weights_per_token": weights,
        "roofline_cycles_per_token": weights / configuration.lanes,
        "utilisation": total.utilisation,
        "waiting_for_weights": total.waiting_weights / total.cycles,
        "waiting_for_codes": total.waiting_codes / total.cycles,
        "clock_hz": clock_hz,
        "tokens_per_second_at_clock": clock_hz / cycles,
        "wall_tokens_per_second": measured.tokens / measured.seconds,
        "aggregate_tokens_per_second": configuration.streams * clock_hz / cycles,
        "differences": differences,
    }
    if measured.alone is not None:
        values["single_tokens_per_second"] = clock_hz / measured.alone.cycles
        values["aggregate_speedup"] = configuration.streams * measured.alone.cycles / cycles
        reading = sum(run.cycles for run in measured.prompt)
        values["prompt_tokens"] = prompt
        values["prompt_tokens_per_second"] = prompt * clock_hz / reading
        values["prompt_speedup"] = prompt * measured.alone.cycles / reading
    if outside is not None:
        values |= _memory_values(outside, configuration, weights, clock_hz / cycles)
    if json:
        print_json(values)
    else:
        print_table([
            ("model", f"{name}, {weights} ternary weights a token"),
            ("device", f"{device}, {configuration.lanes} lanes, {configuration.streams} streams"),
            ("cycles per token", f"{cycles:.1f}, {weights / configuration.lanes:.1f} at full use"),
            ("engine busy", f"{total.utilisation:.2%} of the cycles"),
            ("engine waiting", f"{total.waiting_codes / total.cycles:.2%} for codes, "
                               f"{total.waiting_weights / total.cycles:.2%} for weights"),
            ("at the clock", f"{clock_hz / cycles:.1f} tokens/s at {clock_hz / 1e6:g} MHz"),
            *_stream_rows(values),
            *_memory_rows(values),
            ("here", f"{measured.tokens / measured.seconds:.2f} tokens/s"),
            ("results unlike golden", differences),
        ])
    if differences:
        raise CheckError(f"{differences} of {len(measured.results)} results differ from the golden")


def _memory_values(
    memory: MemoryPreset | SdramPreset, configuration: HardwareConfiguration, weights: int,
    speed: float,
) -> dict[str, object]:
    """The memory and how much of it is used; the roofline reads 1.6 bits a weight and no padding.

    ``memory_gb_s`` is what the memory gives a reader that never pauses, refresh taken off;
    ``memory_peak_gb_s`` is the data sheet's.
    """
    roofline = memory.gb_s * 1e9 / (weights * IDEAL_BYTES)
    peak = memory.peak_gb_s * 1e9 / (weights * IDEAL_BYTES)
    return {
        "memory": memory.name,
        "memory_ports": configuration.memory_ports,
        "memory_port_bits": configuration.memory_bits,
        "prefetch_bytes": configuration.memory_prefetch * configuration.memory_ports
        * configuration.memory_bits // 8,
        "vector_lanes": configuration.vector_lanes,
        "memory_gb_s": memory.gb_s,
        "memory_peak_gb_s": memory.peak_gb_s,
        "bytes_per_token": 0 if configuration.weight_source == "chip"
        else configuration.memory_bytes,
        "constant_source": configuration.constant_source,
        "resident_share": configuration.resident_words / configuration.weight_depth,
        "roofline_tokens_per_second": roofline,
        "roofline_utilisation": speed / roofline,
        "peak_utilisation": speed / peak,
    }


def _stream_rows(values: dict[str, Any]) -> list[tuple[str, object]]:
    if "aggregate_speedup" not in values:
        return []
    return [
        ("all streams", f"{values['aggregate_tokens_per_second']:.1f} tokens/s, "
                        f"{values['aggregate_speedup']:.2f} times one stream alone"),
        ("reading a prompt", f"{values['prompt_tokens_per_second']:.1f} tokens/s, "
                             f"{values['prompt_speedup']:.2f} times token by token"),
    ]


def _memory_rows(values: dict[str, Any]) -> list[tuple[str, object]]:
    if "memory" not in values:
        return []
    return [
        ("memory", f"{values['memory']}, {values['memory_gb_s']:.4g} GB/s beside refresh, "
                   f"{values['bytes_per_token'] / 1e6:.1f} MB a token"),
        ("of its roofline", f"{values['roofline_utilisation']:.2%} of "
                            f"{values['roofline_tokens_per_second']:.1f} tokens/s"),
    ]
