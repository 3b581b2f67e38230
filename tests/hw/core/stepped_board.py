"""An accelerator in Amaranth's simulator behind the interface of the simulated board."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import numpy as np
from amaranth.hdl import Value
from amaranth.sim import Simulator
from sterna.machine.traces import trace_ports
from sterna_hw.core.accelerator import Accelerator

CLOCKS_PER_SECOND = 20_000


class SteppedBoard:
    """Time passes only while `read` waits; the link's other end pauses at random."""

    def __init__(self, machine: Any, density: float = 1.0, seed: int = 0,
                 blocks: Any = None) -> None:
        self.machine = machine
        self._core = Accelerator(machine, blocks=blocks)
        self._input: deque[int] = deque()
        self._output = bytearray()
        self._traces: list[list[int]] = [[] for _ in trace_ports(machine)]
        self._density, self._random = density, random.Random(seed)
        self._simulator = Simulator(self._core)
        self._simulator.add_clock(1e-6)
        self._simulator.add_testbench(self._run, background=True)

    async def _run(self, ctx: Any) -> None:
        core = self._core
        ports = [Value.cast(getattr(core, top.name)) for top in trace_ports(self.machine)]
        offered = False
        while True:
            offered = bool(self._input) and (offered or self._random.random() < self._density)
            ctx.set(core.link_in.valid, offered)
            ctx.set(core.link_in.payload, self._input[0] if offered else 0)
            ctx.set(core.link_out.ready, self._random.random() < self._density)
            _, _, taken, ready, valid, byte, *traces = await ctx.tick().sample(
                core.link_in.ready, core.link_out.ready, core.link_out.valid,
                core.link_out.payload, *ports)
            if offered and taken:
                self._input.popleft()
                offered = False
            if ready and valid:
                self._output.append(byte)
            for port, value, kept in zip(ports, traces, self._traces, strict=True):
                if value & 1:
                    words = -(-len(port) // 32)
                    kept += [value >> 32 * word & 0xFFFF_FFFF for word in range(words)]

    def write(self, data: bytes) -> None:
        """Queue bytes."""
        self._input.extend(data)

    def read(self, count: int, timeout: float) -> bytes:
        """Clock the hardware until it has sent so many bytes."""
        left = int(2 * max(1.0, timeout) * CLOCKS_PER_SECOND)
        while len(self._output) < count and left:
            self._simulator.advance()
            left -= 1
        data = bytes(self._output[:count])
        del self._output[:count]
        return data

    def collect_words(self) -> list[np.ndarray]:
        """What the trace ports showed, in words of 32 bits."""
        words = [np.array(kept, np.uint32) for kept in self._traces]
        for kept in self._traces:
            kept.clear()
        return words

    def close(self) -> None:
        """Nothing to free."""
