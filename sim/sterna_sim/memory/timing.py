"""How the memory behind the AXI ports behaves, in clocks of the accelerator."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields

from sterna.errors import InputError

UNIT_RATE = 1 << 16
"""The rate of a memory that always has a beat for its port."""


@dataclass(frozen=True, kw_only=True)
class MemoryTiming:
    """Behaviour of every port's memory; the order of fields is that of sim/sterna_sim/axi_memory.h.

    Requests are served in order, `latency` clocks after they came at the earliest, `rate` / 65536
    beats a clock, up to `buffer` beats ahead of the port, which takes one a clock. Nothing is
    served for `refresh` clocks in every `interval`; ports are `stagger` clocks apart in that. A
    controller accepts `requests` bursts. Every channel pauses in `stall_permille` of 1000 clocks.
    """

    latency: int = 40
    rate: int = UNIT_RATE
    buffer: int = 1
    requests: int = 32
    interval: int = 0
    refresh: int = 0
    stagger: int = 0
    stall_permille: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 0:
                raise InputError(f"memory timing: {field.name} is negative")
        if min(self.rate, self.buffer, self.requests) < 1:
            raise InputError("memory timing: rate, buffer and requests must be at least 1")
        if self.stall_permille >= 1000 or (self.interval and self.refresh >= self.interval):
            raise InputError("memory timing: a memory that always pauses never answers")

    def values(self) -> tuple[int, ...]:
        """The fields in the order of the C++ structure."""
        return astuple(self)
