"""The plan of memories that an estimate tells: every object, its place, and the speed there."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sterna.compiler.cycles import estimate_cycles
from sterna.compiler.placement import PlacedObject, chip_bits, placed_objects
from sterna.compiler.schedule import schedule
from sterna.errors import InputError
from sterna.families.placed import placed_rows
from sterna.families.tokens.shape import TokenShape
from sterna.machine.memory import memory_bytes
from sterna.program.definition import Program
from sterna.shown import Shown


@dataclass(frozen=True, kw_only=True, repr=False)
class MemoryPlan(Shown):
    """Where everything lies with a memory outside, and the tokens a second."""

    model: str
    memory: str
    memory_gb_s: float
    clock_mhz: float
    lanes: int
    chip_bits: int
    chip_mbit: float
    bytes_per_token: int
    engine_cycles: int
    memory_cycles: float
    tokens_per_second: float
    streams: int
    objects: tuple[PlacedObject, ...]

    def to_dict(self) -> dict[str, object]:
        values: dict[str, object] = {
            name: getattr(self, name) for name in (
                "model", "memory", "memory_gb_s", "clock_mhz", "lanes", "chip_bits",
                "bytes_per_token", "engine_cycles", "memory_cycles", "tokens_per_second",
                "streams")}
        return values | {
            "chip_capacity_bits": self.chip_mbit * 1e6,
            "aggregate_tokens_per_second": self.streams * self.tokens_per_second,
            "objects": [asdict(entry) for entry in self.objects],
        }

    def text(self) -> list[str | tuple[str, object]]:
        all_streams = (f" of each of {self.streams} streams, "
                       f"{self.streams * self.tokens_per_second:.1f} of all")
        return [
            ("model", self.model),
            ("memory", f"{self.memory}, {self.memory_gb_s:.1f} GB/s beside refresh"),
            ("accelerator", f"{self.lanes} lanes at {self.clock_mhz:g} MHz"),
            ("on the chip", f"{self.chip_bits / 1e6:.1f} of {self.chip_mbit:g} Mbit"),
            *placed_rows(list(self.objects)),
            ("cycles per token", f"{self.engine_cycles} of the engine, {self.memory_cycles:.0f} of "
                                 "the memory"),
            ("tokens per second", f"{self.tokens_per_second:.1f}"
                                  + (all_streams if self.streams > 1 else "")),
        ]


def plan_memory(program: Program, shape: TokenShape) -> MemoryPlan:
    """The plan of a program. Raises `InputError` without a memory outside."""
    outside = shape.outside
    if outside is None:
        raise InputError("give a --board or a --memory")
    machine, embedding = shape.placed(program)
    objects = placed_objects(program, machine, embedding)
    engine = estimate_cycles(schedule(program, machine), machine).cycles
    reads = memory_bytes(machine) if machine.memory.outside else 0
    waits = reads / (outside.gb_s * 1e9) * outside.clock_hz
    return MemoryPlan(
        model=program.name, memory=outside.name, memory_gb_s=outside.gb_s,
        clock_mhz=outside.clock_hz / 1e6, lanes=machine.ternary.lanes,
        chip_bits=chip_bits(objects), chip_mbit=outside.chip_mbit, bytes_per_token=reads,
        engine_cycles=engine, memory_cycles=waits,
        tokens_per_second=outside.clock_hz / max(engine, waits), streams=machine.streams,
        objects=tuple(objects))
