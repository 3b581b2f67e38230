"""A USB host of high speed behind a PHY with ULPI (revision 1.1), as far as a device needs one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from amaranth.hdl import Signal

from tests.hw.link.usb_host import Host, bits_of, bytes_of

REGISTER_WRITE, TRANSMIT = 2, 1
"""The upper two bits of a command."""
SE0, J, K = 0, 1, 2
_VBUS, _RX_ACTIVE = 0xC, 0x10
PATIENCE = 200


def ulpi_pins() -> Any:
    """Pins as luna takes them, of signals that a testbench drives."""
    given = {name: SimpleNamespace(i=Signal(name=name)) for name in ("clk", "dir", "nxt")}
    return SimpleNamespace(
        data=SimpleNamespace(i=Signal(8), o=Signal(8), oe=Signal()),
        stp=SimpleNamespace(o=Signal()), rst=SimpleNamespace(o=Signal()), **given)


class UlpiHost(Host):
    """``chirps`` counts the packets without PID that the device has sent."""

    chirps = 0

    async def reset(self) -> None:
        """A reset with the handshake for high speed, in which the device chirps before the host."""
        self.address, self._toggles = 0, {}
        await self._state(J)
        await self._idle(400)
        await self._state(SE0)
        while not self.chirps:
            await self._idle(1)
        for _ in range(3):
            for level in (K, J):
                await self._state(level)
                await self._idle(200)
        await self._state(SE0)
        await self._idle(100)

    async def hold(self, d_p: int, d_n: int, bits: float) -> None:
        """Nothing is on the line for so long."""
        del d_p, d_n
        await self._idle(round(bits))

    async def send(self, pid: int, bits: list[int]) -> None:
        """A packet; the PHY has pauses in it, in which it tells its state."""
        data = bytes([pid | (~pid & 15) << 4, *bytes_of(bits)])
        await self._turn(1)
        for _ in range(4):  # as long as SYNC is recognised
            await self._give(_VBUS | _RX_ACTIVE)
        for place, byte in enumerate(data):
            if place % 5 == 3:
                await self._give(_VBUS | _RX_ACTIVE)
            await self._give(byte, nxt=1)
        await self._give(_VBUS)
        await self._turn(0)

    async def answer(self) -> tuple[int, bytes]:
        """PID and payload of what the device sends."""
        ctx, pins = self._ctx, self._pins
        for _ in range(PATIENCE):
            if ctx.get(pins.data.oe) and ctx.get(pins.data.o):
                found = await self._command()
                assert found is not None
                pid, body = found
                return pid, self._checked(pid, bits_of(body))
            await ctx.tick("usb")
        raise AssertionError("no answer")

    async def _turn(self, direction: int) -> None:
        self._ctx.set(self._pins.dir.i, direction)
        self._ctx.set(self._pins.nxt.i, 0)
        await self._ctx.tick("usb")

    async def _give(self, byte: int, nxt: int = 0) -> None:
        self._ctx.set(self._pins.data.i, byte)
        self._ctx.set(self._pins.nxt.i, nxt)
        await self._ctx.tick("usb")

    async def _state(self, level: int) -> None:
        await self._turn(1)
        await self._give(_VBUS | level)
        await self._turn(0)

    async def _idle(self, clocks: int) -> None:
        for _ in range(clocks):
            if self._ctx.get(self._pins.data.oe) and self._ctx.get(self._pins.data.o):
                await self._command()
            else:
                await self._ctx.tick("usb")

    async def _command(self) -> tuple[int, bytes] | None:
        """Takes a command of the device: a register that it writes, or a packet."""
        ctx, pins = self._ctx, self._pins
        command = ctx.get(pins.data.o)
        await ctx.tick("usb")  # a PHY takes it when it can
        ctx.set(pins.nxt.i, 1)
        await ctx.tick("usb")
        body = bytearray()
        while not ctx.get(pins.stp.o):
            body.append(ctx.get(pins.data.o))
            await ctx.tick("usb")
            if command >> 6 == REGISTER_WRITE:
                ctx.set(pins.nxt.i, 0)
        ctx.set(pins.nxt.i, 0)
        await ctx.tick("usb")
        if command >> 6 == REGISTER_WRITE:
            return None
        assert command >> 6 == TRANSMIT
        if not command & 15:
            self.chirps += 1
            return None
        return command & 15, bytes(body)
