# amaranth: UnusedElaboratable=no
"""Streams: connection checks, register slice, queue, and the simulation helpers."""

from __future__ import annotations

import random

import pytest
from amaranth.hdl import Module, signed, unsigned
from amaranth.lib import stream
from amaranth.lib.data import ArrayLayout, StructLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.encoding import instruction_fields
from sterna.machine.presets import PRESETS
from sterna_hw import layouts
from sterna_hw.component import Component
from sterna_hw.stream import StreamBuffer, StreamQueue, StreamRegister, connect_streams
from sterna_sim.streams import Receiver, pack, sender, simulate, unpack

PAYLOAD = StructLayout({"values": ArrayLayout(signed(5), 3), "last": 1})


def _payloads(count: int, seed: int = 1) -> list[dict]:
    rng = random.Random(seed)
    return [{"values": [rng.randrange(-16, 16) for _ in range(3)], "last": rng.randrange(2)}
            for _ in range(count)]


def _component(kind: str) -> Component:
    if kind == "counted":
        return StreamQueue(PAYLOAD, 200, counted=True)
    slices = {"buffer": StreamBuffer, "register": StreamRegister}
    return slices[kind](PAYLOAD) if kind in slices else StreamQueue(PAYLOAD, int(kind))


def _endpoint(shape) -> stream.Interface:
    return stream.Signature(shape).create()


@pytest.mark.parametrize("kind", ["buffer", "register", "counted", "1", "3", "16"])
@pytest.mark.parametrize("offered, taken", [(1.0, 1.0), (0.5, 1.0), (1.0, 0.5), (0.6, 0.6)])
def test_items_pass_in_order(kind: str, offered: float, taken: float) -> None:
    payloads = _payloads(200)
    component = _component(kind)
    receiver = Receiver(component.o, len(payloads), seed=2, density=taken)
    simulate(component, sender(component.i, payloads, seed=3, density=offered), receiver)
    assert receiver.values == payloads
    if offered == taken == 1.0 and kind != "1":
        step = 2 if kind == "register" else 1
        assert receiver.clocks == list(range(1, step * len(payloads) + 1, step))


@pytest.mark.parametrize(
    "kind, capacity", [("buffer", 2), ("register", 1), ("1", 1), ("3", 3), ("16", 16)])
def test_capacity(kind: str, capacity: int) -> None:
    component = _component(kind)
    taken = 0

    async def fill(ctx) -> None:
        nonlocal taken
        ctx.set(component.i.valid, 1)
        for _ in range(3 * capacity):
            _, _, ready = await ctx.tick().sample(component.i.ready)
            taken += ready

    simulate(component, fill)
    assert taken == capacity


@pytest.mark.parametrize("other", [
    unsigned(16),
    StructLayout({"values": ArrayLayout(unsigned(5), 3), "last": 1}),
    StructLayout({"values": ArrayLayout(signed(5), 3), "first": 1}),
    StructLayout({"last": 1, "values": ArrayLayout(signed(5), 3)}),
    StructLayout({"values": ArrayLayout(signed(3), 5), "last": 1}),
])
def test_connect_rejects_other_shapes(other) -> None:
    module = Module()
    with pytest.raises(TypeError, match="does not fit"):
        connect_streams(module, _endpoint(PAYLOAD), _endpoint(other))


def test_connect_rejects_other_sign() -> None:
    module = Module()
    with pytest.raises(TypeError, match="does not fit"):
        connect_streams(module, _endpoint(signed(8)), _endpoint(unsigned(8)))


def test_connect_always_ready() -> None:
    plain, eager = _endpoint(8), stream.Signature(8, always_ready=True).create()
    module = Module()
    connect_streams(module, plain, eager)
    connect_streams(module, eager, eager)
    with pytest.raises(TypeError, match="always ready"):
        connect_streams(module, eager, plain)


def test_connect_passes_items() -> None:
    class Chain(Component):
        def __init__(self) -> None:
            payload = stream.Signature(PAYLOAD)
            super().__init__({"i": In(payload), "o": Out(payload)})

        def elaborate(self, platform) -> Module:
            m = Module()
            m.submodules.queue = queue = StreamQueue(PAYLOAD, 4)
            m.submodules.slice = register = StreamBuffer(PAYLOAD)
            connect_streams(m, self.i, queue.i)
            connect_streams(m, queue.o, register.i)
            connect_streams(m, register.o, self.o)
            return m

    chain, payloads = Chain(), _payloads(100)
    receiver = Receiver(chain.o, len(payloads), seed=5, density=0.7)
    simulate(chain, sender(chain.i, payloads), receiver)
    assert receiver.values == payloads


def test_queue_needs_depth() -> None:
    with pytest.raises(ValueError, match="at least one"):
        StreamQueue(unsigned(8), 0)


def test_pack_is_the_reverse_of_unpack() -> None:
    for payload in _payloads(50):
        bits = pack(PAYLOAD, payload)
        assert unpack(PAYLOAD, bits) == payload
        assert PAYLOAD.const(payload).as_value().value == bits
    with pytest.raises(ValueError, match="does not fit"):
        pack(PAYLOAD, {"values": [16, 0, 0]})
    with pytest.raises(ValueError, match="does not fit"):
        pack(PAYLOAD, {"values": [1, 2]})


def test_a_stuck_simulation_ends() -> None:
    component = _component("buffer")
    with pytest.raises(AssertionError, match="did not end"):
        simulate(component, Receiver(component.o, 1), deadline=50)


def test_layout_sizes() -> None:
    machine = PRESETS["tiny"]
    assert layouts.WriteChunk.size == 88
    assert layouts.code_group(machine).size == 2 * 8 + 1
    assert layouts.row_group(machine).size == 2 * 20 + 1
    assert layouts.word_group(machine).size == 2 * 18
    sizes = [layouts.instruction_layout(machine, kind).size
             for kind in instruction_fields(machine)]
    assert max(sizes) == layouts.instruction_bits(machine)
    assert layouts.matmul_command(machine).size == 3 + 16 + 5 + 2
