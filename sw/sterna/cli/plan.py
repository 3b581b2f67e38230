"""The plan of memories that `sterna estimate` prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sterna.cli.device_options import ShapeOptions
from sterna.cli.terminal import print_json, print_table

if TYPE_CHECKING:
    from sterna.compiler.placement import PlacedObject
    from sterna.program.definition import Program


def plan_rows(objects: list[PlacedObject]) -> list[tuple[str, object]]:
    """A row for every object: its size, where it lies, why."""
    return [(f"  {entry.name}", f"{_size(entry.bits)}, {entry.place}: {entry.why}")
            for entry in objects]


def _size(bits: int) -> str:
    return f"{bits / 1e6:.1f} Mbit" if bits >= 1e5 else f"{bits / 1e3:.1f} kbit"


def estimate_memory(program: Program, shape: ShapeOptions, json: bool) -> None:
    """Print where everything lies with a memory outside, and the tokens per second."""
    from sterna.compiler.cycles import estimate_cycles
    from sterna.compiler.placement import chip_bits, placed_objects
    from sterna.compiler.schedule import schedule

    outside = shape.memory
    assert outside is not None
    configuration, embedding = shape.placed(program)
    objects = placed_objects(program, configuration, embedding)
    engine = estimate_cycles(schedule(program, configuration), configuration).cycles
    reads = configuration.memory_bytes if configuration.weight_source != "chip" else 0
    waits = reads / (outside.gb_s * 1e9) * outside.clock_hz
    speed = outside.clock_hz / max(engine, waits)
    if json:
        print_json({
            "model": program.name, "memory": outside.name, "memory_gb_s": outside.gb_s,
            "clock_mhz": outside.clock_hz / 1e6, "lanes": configuration.lanes,
            "chip_bits": chip_bits(objects), "chip_capacity_bits": outside.chip_mbit * 1e6,
            "bytes_per_token": reads, "engine_cycles": engine, "memory_cycles": waits,
            "tokens_per_second": speed, "streams": configuration.streams,
            "aggregate_tokens_per_second": configuration.streams * speed,
            "objects": [asdict(entry) for entry in objects],
        })
        return
    print_table([
        ("model", program.name),
        ("memory", f"{outside.name}, {outside.gb_s:.1f} GB/s beside refresh"),
        ("accelerator", f"{configuration.lanes} lanes at {outside.clock_hz / 1e6:g} MHz"),
        ("on the chip", f"{chip_bits(objects) / 1e6:.1f} of {outside.chip_mbit:g} Mbit"),
        *plan_rows(objects),
        ("cycles per token", f"{engine} of the engine, {waits:.0f} of the memory"),
        ("tokens per second", f"{speed:.1f}" + (
            f" of each of {configuration.streams} streams, {configuration.streams * speed:.1f} of "
            "all" if configuration.streams > 1 else "")),
    ])
