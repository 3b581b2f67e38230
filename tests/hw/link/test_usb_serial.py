# amaranth: UnusedElaboratable=no
"""The USB serial port against a host model that speaks to its pins, bit by bit."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from amaranth.hdl import ClockDomain, ClockSignal, Module
from amaranth.sim import Simulator
from sterna_hw.link.usb_serial import PRODUCT, VENDOR, LastByte, UsbSerial
from sterna_hw.stream import StreamBuffer, connect_streams

from tests.hw.link.ulpi_host import UlpiHost, ulpi_pins
from tests.hw.link.usb_host import Host, direct_pins

# luna 0.2.3 is made of Amaranth's records, which 0.5 has but warns of.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
DATA = 4
PACKET = 64


def read_descriptor(kind: int, index: int, length: int) -> bytes:
    return struct.pack("<BBBBHH", 0x80, 6, index, kind, 0, length)


async def enumerated(host: Host) -> dict[str, bytes]:
    """What an operating system asks, in its order; the descriptors that it gets."""
    await host.reset()
    first = await host.control(read_descriptor(1, 0, 64), 18)
    await host.control(struct.pack("<BBHHH", 0, 5, 42, 0, 0))
    host.address = 42
    device = await host.control(read_descriptor(1, 0, 18), 18)
    assert device is not None and device == first
    head = await host.control(read_descriptor(2, 0, 9), 9)
    assert head is not None
    total = int.from_bytes(head[2:4], "little")
    whole = await host.control(read_descriptor(2, 0, total), total)
    name = await host.control(read_descriptor(3, device[15], 255), 255)
    await host.control(struct.pack("<BBHHH", 0, 9, 1, 0, 0))
    # SET_LINE_CODING, which Windows wants, and a vendor's request, which is refused.
    await host.control(struct.pack("<BBHHH", 0x21, 0x20, 0, 0, 7), given=bytes(7))
    assert await host.control(struct.pack("<BBHHH", 0xC0, 1, 0, 0, 4), 4) is None
    assert whole is not None and name is not None
    return {"device": device, "configuration": whole, "name": name}


def run(testbench: Callable[[Host, Any, UsbSerial], Coroutine[Any, Any, None]],
        loop: bool = True, sync_hz: float = 37e6,
        sink: Callable[[Any, UsbSerial], Coroutine[Any, Any, None]] | None = None,
        ulpi: bool = False) -> None:
    pytest.importorskip("luna")
    pins = ulpi_pins() if ulpi else direct_pins()
    clocks = ({"usb_phy": 60e6} if ulpi else {"usb_io": 48e6, "usb": 12e6}) | {"sync": sync_hz}
    m = Module()
    for name in {"usb", *clocks}:
        m.domains += ClockDomain(name)
    if ulpi:
        m.d.comb += pins.clk.i.eq(ClockSignal("usb_phy"))
    m.submodules.serial = serial = UsbSerial(pins, 512 if ulpi else PACKET)
    if loop:
        m.submodules.buffer = buffer = StreamBuffer(8)
        connect_streams(m, serial.received, buffer.i)
        connect_streams(m, buffer.o, serial.sent)
    simulator = Simulator(m)
    for domain, hz in clocks.items():
        simulator.add_clock(1 / hz, domain=domain)

    async def bench(ctx: Any) -> None:
        await testbench((UlpiHost if ulpi else Host)(ctx, pins), ctx, serial)

    async def taking(ctx: Any) -> None:
        if sink is not None:
            await sink(ctx, serial)

    simulator.add_testbench(bench)
    simulator.add_testbench(taking, background=True)
    simulator.run()


def check_descriptors(found: dict[str, bytes], packet: int) -> None:
    """Of a serial port for every system."""
    assert struct.unpack_from("<HH", found["device"], 8) == (VENDOR, PRODUCT)
    assert found["name"][2:].decode("utf-16-le") == "Sterna"
    endpoints, classes, place, whole = [], [], 0, found["configuration"]
    while place < len(whole):
        if whole[place + 1] == 5:
            endpoints.append((whole[place + 2], *struct.unpack_from("<H", whole, place + 4)))
        if whole[place + 1] == 4:
            classes.append(tuple(whole[place + 5:place + 7]))
        place += whole[place]
    assert classes == [(2, 2), (10, 0)]
    assert {(DATA, packet), (0x80 | DATA, packet)} < set(endpoints)


@pytest.mark.parametrize("ulpi", [False, True])
def test_bytes_come_back_in_packets_of_every_length(
        ulpi: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a packet that is full, behind which an empty one says that there is no more."""
    rng, packet = random.Random(1), 512 if ulpi else PACKET
    if ulpi:  # milliseconds in which nothing happens
        pytest.importorskip("luna")
        monkeypatch.setattr("luna.gateware.interface.ulpi.UTMITranslator._CYCLES_1_MILLISECONDS",
                            60)
        monkeypatch.setattr("luna.gateware.usb.usb2.reset.USBResetSequencer._CYCLES_2_MILLISECONDS",
                            600)

    async def bench(host: Host, ctx: Any, serial: UsbSerial) -> None:
        check_descriptors(await enumerated(host), packet)
        for length in (1, 7, packet - 1, packet, packet + 3):
            sent = rng.randbytes(length)
            for first in range(0, length, packet):
                await host.bulk_out(DATA, sent[first:first + packet])
            found, packets, silence = b"", [], 0
            while not packets or len(found) < length or packets[-1] == packet:
                part = await host.bulk_in(DATA, lose=length == 7 and silence == 0)
                silence += part is None
                assert silence < 400
                if part is not None:
                    found += part
                    packets.append(len(part))
            assert found == sent

    run(bench, ulpi=ulpi)


@pytest.mark.parametrize("sync_hz", [
    9.3e6, pytest.param(100e6, marks=pytest.mark.long)])
def test_a_board_that_is_busy_is_waited_for_and_no_byte_is_lost(sync_hz: float) -> None:
    rng = random.Random(2)
    sent, found = rng.randbytes(4 * PACKET), bytearray()

    async def bench(host: Host, ctx: Any, serial: UsbSerial) -> None:
        await enumerated(host)
        naks = host.naks
        for first in range(0, len(sent), PACKET):
            await host.bulk_out(DATA, sent[first:first + PACKET])
        for _ in range(100):
            await host.hold(1, 0, 100)
            if len(found) == len(sent):
                break
        assert bytes(found) == sent and host.naks > naks

    async def sink(ctx: Any, serial: UsbSerial) -> None:
        while True:
            ctx.set(serial.received.ready, 1)
            _, _, valid, byte = await ctx.tick().sample(
                serial.received.valid, serial.received.payload)
            if valid:
                found.append(byte)
                ctx.set(serial.received.ready, 0)
                for _ in range(rng.randrange(round(4e-6 * sync_hz)) + 1):
                    await ctx.tick()

    run(bench, loop=False, sync_hz=sync_hz, sink=sink)


def test_the_last_byte_is_the_one_that_no_other_follows() -> None:
    m = Module()
    m.submodules.dut = dut = LastByte(5)
    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    rng = random.Random(3)
    gaps = [0, 0, 9, 0, 3, 0, 20, 0, 4, 5, 6, 7, 30]
    found: list[tuple[int, int]] = []

    async def source(ctx: Any) -> None:
        for number, gap in enumerate(gaps):
            ctx.set(dut.i.payload, number)
            ctx.set(dut.i.valid, 1)
            await ctx.tick().until(dut.i.ready)
            ctx.set(dut.i.valid, 0)
            for _ in range(gap):
                await ctx.tick()

    async def sink(ctx: Any) -> None:
        offered = None
        while len(found) < len(gaps):
            ready = rng.random() < 0.7
            ctx.set(dut.o.ready, ready)
            _, _, valid, byte, last = await ctx.tick().sample(
                dut.o.valid, dut.o.payload.byte, dut.o.payload.last)
            assert offered is None or (valid, byte, last) == offered
            offered = (valid, byte, last) if valid and not ready else None
            if valid and ready:
                found.append((byte, last))

    simulator.add_testbench(source)
    simulator.add_testbench(sink)
    simulator.run()
    assert [byte for byte, _ in found] == list(range(len(gaps)))
    for (_, last), gap in zip(found, gaps, strict=True):
        assert last == (gap > 5) or gap in (4, 5, 6)
