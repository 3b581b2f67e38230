"""AXI4-Lite registers of the byte link: bytes both ways under pauses, space, interrupt, rules."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sterna_hw.link.axi_lite import QUEUE_BYTES, AxiLiteLink, Register
from sterna_sim.streams import Receiver, sender, simulate

from tests.hw.link.axi_side import LiteMaster, check_registered

DENSITIES = [(1.0, 1.0), (0.5, 0.2), (0.2, 0.9), (0.9, 0.05)]


@pytest.mark.parametrize(("bus", "link"), DENSITIES)
def test_bytes_arrive_in_order_both_ways(bus: float, link: float) -> None:
    """DATA, and WORD with every set of strobes, while answers come; nothing is lost or doubled."""
    rng = random.Random(int(100 * bus))
    slave = AxiLiteLink()
    master = LiteMaster(slave, rng, bus)
    writes = [(Register.DATA, rng.getrandbits(32), rng.choice([1, 1, 15, 14])) for _ in range(60)]
    writes += [(Register.WORD, rng.getrandbits(32), strobes) for strobes in [*range(16)] * 3]
    rng.shuffle(writes)
    expected = [byte for register, data, strobes in writes
                for number, byte in enumerate(data.to_bytes(4, "little"))
                if strobes >> number & 1 and (register == Register.WORD or number == 0)]
    answers = [rng.randrange(256) for _ in range(150)]
    found: list[int] = []

    async def drive(ctx: Any) -> None:
        for register, data, strobes in writes:
            await master.write(ctx, register, data, strobes)
            await take(ctx)
        while len(found) < len(answers):
            await take(ctx)
        assert await master.read(ctx, Register.DATA) == 0

    async def take(ctx: Any) -> None:
        word = await master.read(ctx, Register.DATA)
        assert word >> 8 in (0, 1) and (word >> 8 or word == 0)
        if word >> 8:
            found.append(word & 255)

    collector = Receiver(slave.to_link, len(expected), seed=3, density=link)
    simulate(slave, drive, collector, sender(slave.from_link, answers, seed=4, density=link),
             background=master.rules, deadline=100_000)
    assert collector.values == expected and found == answers


def test_space_is_what_fits_and_a_write_beyond_it_waits() -> None:
    slave = AxiLiteLink()
    master = LiteMaster(slave, random.Random(1))
    collected: list[int] = []

    async def drive(ctx: Any) -> None:
        for sent in range(QUEUE_BYTES):
            assert await master.read(ctx, Register.SPACE) & 0xFFFF == QUEUE_BYTES - sent
            wanted = 2 * (sent < QUEUE_BYTES) + 4 * (QUEUE_BYTES - sent >= 4)
            assert await master.read(ctx, Register.STATUS) == wanted
            await master.write(ctx, Register.DATA, sent)
            assert master.clocks <= 3
        assert await master.read(ctx, Register.STATUS) == 0
        await master.write(ctx, Register.DATA, 200)
        assert master.clocks > 50

    async def take_late(ctx: Any) -> None:
        await ctx.tick().repeat(QUEUE_BYTES * 9 + 80)
        collector = Receiver(slave.to_link, QUEUE_BYTES + 1)
        await collector(ctx)
        collected.extend(collector.values)

    simulate(slave, drive, take_late, background=master.rules)
    assert collected == [*range(QUEUE_BYTES), 200]


def test_levels_of_answers_and_the_interrupt() -> None:
    slave = AxiLiteLink()
    master = LiteMaster(slave, random.Random(1))

    async def drive(ctx: Any) -> None:
        await ctx.tick().repeat(8)
        assert await master.read(ctx, Register.SPACE) == QUEUE_BYTES | 3 << 16
        assert await master.read(ctx, Register.STATUS) == 7
        assert not ctx.get(slave.irq)
        for enabled, wanted in ((1, 1), (2, 1), (3, 1), (0, 0)):
            await master.write(ctx, Register.INTERRUPT, enabled)
            assert await master.read(ctx, Register.INTERRUPT) == enabled
            assert ctx.get(slave.irq) == wanted
        await master.write(ctx, Register.INTERRUPT, 0xFF02, 0b1110)
        assert await master.read(ctx, Register.INTERRUPT) == 0
        await master.write(ctx, Register.INTERRUPT, 2)
        await master.write(ctx, Register.DATA, 1)
        await ctx.tick().repeat(3)
        assert not ctx.get(slave.irq)
        await master.write(ctx, Register.INTERRUPT, 1)
        for byte in (7, 8, 9):
            assert ctx.get(slave.irq)
            assert await master.read(ctx, Register.DATA) == 0x100 + byte
        await ctx.tick().repeat(2)
        assert not ctx.get(slave.irq)
        for address in (0x14, 0x18, 0x1C, Register.WORD):
            await master.write(ctx, address, 0xFFFF_FFFF, 0 if address == Register.WORD else 15)
            assert await master.read(ctx, address) == 0
        assert await master.read(ctx, Register.SPACE) == QUEUE_BYTES - 1

    simulate(slave, drive, sender(slave.from_link, [7, 8, 9]), background=master.rules)


def test_no_output_follows_an_input_within_a_clock() -> None:
    check_registered(AxiLiteLink())
