"""A USB host of full speed at D+ and D-: packets bit by bit, transactions, transfers (USB 2.0)."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from amaranth.hdl import Signal

CLOCKS = 4
"""Of ``usb_io`` in a bit."""
OUT, IN, SETUP = 0x1, 0x9, 0xD
DATA0, DATA1, ACK, NAK, STALL = 0x3, 0xB, 0x2, 0xA, 0xE
PATIENCE = 64
"""Bits that an answer may take."""


def direct_pins() -> Any:
    """Pins as luna takes them, of signals that a testbench drives."""
    def line() -> Any:
        return SimpleNamespace(i=Signal(), o=Signal(), oe=Signal())

    return SimpleNamespace(d_p=line(), d_n=line(), pullup=SimpleNamespace(o=Signal()))


def crc(bits: list[int], width: int, polynomial: int) -> list[int]:
    """CRC5 or CRC16 as it is sent (8.3.5)."""
    value = (1 << width) - 1
    for bit in bits:
        top = value >> (width - 1) & 1
        value = value << 1 & (1 << width) - 1
        if top != bit:
            value ^= polynomial
    return [~value >> place & 1 for place in reversed(range(width))]


def bits_of(data: bytes) -> list[int]:
    """The lowest bit of each byte first."""
    return [byte >> place & 1 for byte in data for place in range(8)]


def bytes_of(bits: list[int]) -> bytes:
    """The same back."""
    assert len(bits) % 8 == 0, bits
    return bytes(sum(bit << place for place, bit in enumerate(bits[first:first + 8]))
                 for first in range(0, len(bits), 8))


def levels(bits: list[int]) -> Iterator[tuple[int, int]]:
    """D+ and D- of a packet from SYNC to the idle behind it (7.1.8 to 7.1.10)."""
    level, ones = 1, 0
    for bit in [*[0] * 7, 1, *bits]:
        level ^= not bit
        yield level, 1 - level
        ones = ones + 1 if bit else 0
        if ones == 6:
            level, ones = 1 - level, 0
            yield level, 1 - level
    yield from [(0, 0), (0, 0), (1, 0)]


class Host:
    """Coroutines of a testbench; ``naks`` counts how often the device was not ready."""

    def __init__(self, ctx: Any, pins: Any) -> None:
        self._ctx, self._pins = ctx, pins
        self.naks = 0
        self.address = 0
        self._toggles: dict[tuple[int, int], int] = {}

    async def hold(self, d_p: int, d_n: int, bits: float) -> None:
        """A level of both lines."""
        self._ctx.set(self._pins.d_p.i, d_p)
        self._ctx.set(self._pins.d_n.i, d_n)
        for _ in range(round(CLOCKS * bits)):
            await self._ctx.tick("usb_io")

    async def reset(self) -> None:
        """SE0; luna counts its 5 microseconds at 60 MHz, which are 25 at 12 MHz."""
        await self.hold(1, 0, 20)
        assert self._ctx.get(self._pins.pullup.o)
        await self.hold(0, 0, 12 * 30)
        await self.hold(1, 0, 20)
        self.address, self._toggles = 0, {}

    async def send(self, pid: int, bits: list[int]) -> None:
        """A packet, and a pause as between packets."""
        for d_p, d_n in levels([*bits_of(bytes([pid | (~pid & 15) << 4])), *bits]):
            await self.hold(d_p, d_n, 1)
        await self.hold(1, 0, 3)

    async def token(self, pid: int, endpoint: int) -> None:
        """SETUP, IN or OUT."""
        fields = [*bits_of(bytes([self.address]))[:7], *bits_of(bytes([endpoint]))[:4]]
        await self.send(pid, [*fields, *crc(fields, 5, 0x05)])

    async def data(self, pid: int, data: bytes) -> None:
        """DATA0 or DATA1."""
        await self.send(pid, [*bits_of(data), *crc(bits_of(data), 16, 0x8005)])

    async def answer(self) -> tuple[int, bytes]:
        """PID and payload of what the device sends."""
        ctx, pins = self._ctx, self._pins
        for _ in range(CLOCKS * PATIENCE):
            if ctx.get(pins.d_p.oe):
                break
            await ctx.tick("usb_io")
        else:
            raise AssertionError("no answer")
        for _ in range(CLOCKS // 2):
            await ctx.tick("usb_io")
        level, ones, bits = 1, 0, []
        while (now := (ctx.get(pins.d_p.o), ctx.get(pins.d_n.o))) != (0, 0):
            assert ctx.get(pins.d_p.oe) and ctx.get(pins.d_n.oe) and sum(now) == 1
            bit = int(now[0] == level)
            level = now[0]
            if ones == 6:
                assert not bit, "seven ones"
                ones = 0
            else:
                bits.append(bit)
                ones = ones + 1 if bit else 0
            for _ in range(CLOCKS):
                await ctx.tick("usb_io")
        while ctx.get(pins.d_p.oe):
            await ctx.tick("usb_io")
        await self.hold(1, 0, 3)
        assert bits[:8] == [0] * 7 + [1], bits
        pid = bytes_of(bits[8:16])[0]
        assert pid >> 4 == ~pid & 15
        return pid & 15, self._checked(pid & 15, bits[16:])

    def _checked(self, pid: int, body: list[int]) -> bytes:
        """The payload of a packet, whose check is right."""
        if pid in (DATA0, DATA1):
            assert crc(body[:-16], 16, 0x8005) == body[-16:]
            body = body[:-16]
        return bytes_of(body)

    async def bulk_out(self, endpoint: int, data: bytes) -> None:
        """One packet, again as long as the device has no room."""
        toggle = self._toggles.setdefault((OUT, endpoint), 0)
        while True:
            await self.token(OUT, endpoint)
            await self.data(DATA1 if toggle else DATA0, data)
            pid, _ = await self.answer()
            assert pid in (ACK, NAK)
            if pid == ACK:
                self._toggles[OUT, endpoint] = 1 - toggle
                return
            self.naks += 1

    async def bulk_in(self, endpoint: int, lose: bool = False) -> bytes | None:
        """One packet; None when there is none. ``lose``: as if it had not come, so it comes again.
        """
        toggle = self._toggles.setdefault((IN, endpoint), 0)
        await self.token(IN, endpoint)
        pid, data = await self.answer()
        if pid == NAK:
            self.naks += 1
            return None
        assert pid == (DATA1 if toggle else DATA0)
        if lose:
            await self.hold(1, 0, 20)
            return None
        await self.send(ACK, [])
        self._toggles[IN, endpoint] = 1 - toggle
        return data

    async def control(self, setup: bytes, length: int = 0, given: bytes = b"") -> bytes | None:
        """A control transfer that reads ``length`` bytes, or writes what is given; None: STALL."""
        await self.token(SETUP, 0)
        await self.data(DATA0, setup)
        assert (await self.answer())[0] == ACK
        self._toggles[IN, 0] = self._toggles[OUT, 0] = 1
        found = b""
        while len(found) < length:
            await self.token(IN, 0)
            pid, part = await self.answer()
            if pid == STALL:
                return None
            if pid == NAK:
                continue
            assert pid == (DATA1 if self._toggles[IN, 0] else DATA0)
            await self.send(ACK, [])
            self._toggles[IN, 0] ^= 1
            found += part
            if len(part) < 64:
                break
        if given:
            await self.bulk_out(0, given)
        if length:
            self._toggles[OUT, 0] = 1
            await self.bulk_out(0, b"")
            return found
        self._toggles[IN, 0] = 1
        while (done := await self.bulk_in(0)) is None:
            pass
        assert done == b""
        return b""
