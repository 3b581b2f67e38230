"""The other side of AXI4-Lite and AXI4-Stream slaves and masters, with pauses, and the rules."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from amaranth.hdl import Value
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

Testbench = Callable[[Any], Coroutine[Any, Any, None]]


def stable(valid: Any, ready: Any, *payload: Any) -> Testbench:
    """A background that fails when what was valid changes or goes before it is taken."""

    async def watch(ctx: Any) -> None:
        before: tuple[int, ...] | None = None
        while True:
            _, _, is_valid, is_ready, *now = await ctx.tick().sample(valid, ready, *payload)
            if before is not None:
                assert is_valid and tuple(now) == before, "valid payload has changed"
            before = tuple(now) if is_valid and not is_ready else None

    return watch


def check_registered(component: Any, clocks: int = 400) -> None:
    """Fail when an output follows an input within a clock, whatever has happened before."""
    rng = random.Random(5)
    ports = [(member.flow, signal)
             for _, member, signal in component.signature.flatten(component)]
    inputs = [signal for flow, signal in ports if flow is In]
    outputs = [signal for flow, signal in ports if flow is Out]
    seen: set[int] = set()

    async def drive(ctx: Any) -> None:
        for _ in range(clocks):
            found = []
            for _ in range(3):
                for signal in inputs:
                    value = Value.cast(signal)
                    ctx.set(value, rng.getrandbits(len(value)))
                found.append([ctx.get(Value.cast(signal)) for signal in outputs])
            assert found[0] == found[1] == found[2]
            seen.update(number for number, value in enumerate(found[0]) if value)
            await ctx.tick()

    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    simulator.add_testbench(drive)
    simulator.run()
    assert len(seen) > len(outputs) // 2  # the outputs did something


@dataclass
class LiteMaster:
    """Reads and writes of an AXI4-Lite slave ``s_axi_*``, with pauses on all five channels."""

    slave: Any
    rng: random.Random
    density: float = 1.0
    clocks: int = 0
    """How long the last transfer took."""
    rules: list[Testbench] = field(init=False)
    """Backgrounds that watch the slave's answers."""

    def __post_init__(self) -> None:
        slave = self.slave
        self.rules = [
            stable(slave.s_axi_bvalid, slave.s_axi_bready, slave.s_axi_bresp),
            stable(slave.s_axi_rvalid, slave.s_axi_rready, slave.s_axi_rresp, slave.s_axi_rdata),
        ]

    async def write(self, ctx: Any, address: int, data: int, strobes: int = 15) -> None:
        """Address and data in any order; returns when the answer is taken."""
        slave = self.slave
        ctx.set(slave.s_axi_awaddr, address)
        ctx.set(slave.s_axi_wdata, data)
        ctx.set(slave.s_axi_wstrb, strobes)
        left = {"aw", "w"}
        self.clocks = 0
        while True:
            for channel in left:
                valid = getattr(slave, f"s_axi_{channel}valid")
                if not ctx.get(valid):
                    ctx.set(valid, self._acts())
            ctx.set(slave.s_axi_bready, self._acts())
            _, _, aw, w, answered, answer, taken = await ctx.tick().sample(
                slave.s_axi_awvalid & slave.s_axi_awready, slave.s_axi_wvalid & slave.s_axi_wready,
                slave.s_axi_bvalid, slave.s_axi_bresp, slave.s_axi_bready)
            self.clocks += 1
            for channel, passed in (("aw", aw), ("w", w)):
                if passed:
                    left.remove(channel)
                    ctx.set(getattr(slave, f"s_axi_{channel}valid"), 0)
            if answered:
                assert not left and answer == 0, "an answer before address and data"
                if taken:
                    ctx.set(slave.s_axi_bready, 0)
                    return

    async def read(self, ctx: Any, address: int) -> int:
        """The register there."""
        slave = self.slave
        asked = False
        ctx.set(slave.s_axi_araddr, address)
        while True:
            if not asked and not ctx.get(slave.s_axi_arvalid):
                ctx.set(slave.s_axi_arvalid, self._acts())
            ctx.set(slave.s_axi_rready, self._acts())
            _, _, passed, answered, taken, data, answer = await ctx.tick().sample(
                slave.s_axi_arvalid & slave.s_axi_arready, slave.s_axi_rvalid, slave.s_axi_rready,
                slave.s_axi_rdata, slave.s_axi_rresp)
            if answered:
                assert asked and answer == 0, "an answer before the address"
                if taken:
                    ctx.set(slave.s_axi_rready, 0)
                    return data
            if passed:
                asked = True
                ctx.set(slave.s_axi_arvalid, 0)

    def _acts(self) -> bool:
        return self.rng.random() < self.density
