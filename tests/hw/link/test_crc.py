"""The CRC step against the standard library's."""

from __future__ import annotations

import binascii
import random

from amaranth.hdl import Module, Signal
from amaranth.sim import Simulator
from sterna.machine.protocol import CRC_START
from sterna_hw.link.crc import crc_of, crc_step


def test_check_value_of_the_standard():
    assert crc_of(b"123456789") == 0x29B1


def test_software_for_random_messages():
    rng = random.Random(1)
    for length in range(40):
        message = rng.randbytes(length)
        assert crc_of(message) == binascii.crc_hqx(message, CRC_START)


def test_hardware_step_for_random_remainders():
    crc, byte, result = Signal(16), Signal(8), Signal(16)
    module = Module()
    module.d.comb += result.eq(crc_step(crc, byte))

    async def testbench(ctx):
        rng = random.Random(2)
        single_bits = [(1 << bit, 0) for bit in range(16)] + [(0, 1 << bit) for bit in range(8)]
        cases = single_bits + [(rng.getrandbits(16), rng.getrandbits(8)) for _ in range(300)]
        for start, value in cases:
            ctx.set(crc, start)
            ctx.set(byte, value)
            await ctx.delay(1e-9)
            assert ctx.get(result) == binascii.crc_hqx(bytes([value]), start)

    simulator = Simulator(module)
    simulator.add_testbench(testbench)
    simulator.run()
