"""The session: turned by bytes, counted on the way."""

from __future__ import annotations

import random

from amaranth.sim import Simulator
from sterna_hw.link.session import Session


def test_nonce_and_count_at_every_turn():
    """Far enough for a carry from byte to byte."""
    dut = Session()
    rng = random.Random(3)

    async def check(ctx):
        async def turn(count: bool) -> int:
            if count:
                ctx.set(dut.count, 1)
                await ctx.tick().repeat(rng.randrange(1, 4))
                ctx.set(dut.count, 0)
            found = bytearray()
            for _ in range(8):
                for _ in range(rng.randrange(3)):
                    await ctx.tick()
                found.append(ctx.get(dut.byte))
                ctx.set(dut.step, 1)
                await ctx.tick()
                ctx.set(dut.step, 0)
            return int.from_bytes(found, "little")

        assert await turn(False) == 0 and await turn(True) == 1 << 32
        for _ in range(3):
            nonce = rng.getrandbits(32)
            ctx.set(dut.nonce, nonce)
            ctx.set(dut.begin, 1)
            await ctx.tick()
            ctx.set(dut.begin, 0)
            count = 0
            for _ in range(300):
                counts = rng.random() < 0.9
                count += counts
                assert await turn(counts) == nonce | count << 32
            assert count > 256

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(check)
    simulator.run()
