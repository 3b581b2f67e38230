"""READ, and LOAD of the same memories: the link answers what the emulated board answers."""

from __future__ import annotations

import random
import struct
from typing import Any

import pytest
from amaranth.hdl import Module
from amaranth.lib import memory, stream
from amaranth.lib.wiring import In, Out
from sterna.machine.additions import with_snapshots
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi
from sterna.machine.presets import PRESETS, step_machine
from sterna.machine.protocol import LONGEST_READ, ErrorCode, FrameType, space_number, word_chunks
from sterna_hw.component import Component
from sterna_hw.link.link import Link
from sterna_hw.link.read_chunks import ReadChunks
from sterna_hw.memory.state_access import StateAccess
from sterna_hw.stream import connect_streams
from sterna_sim.streams import Receiver, sender, simulate

from tests.hw.link.frame_model import frame_bytes, parse

MACHINES = {
    "network": with_snapshots(step_machine(
        taps=3, code_bits=5, neuron_lanes=4, code_depth=9)),
    "long words": with_snapshots(step_machine(
        taps=16, code_bits=8, neuron_lanes=4, code_depth=20)),
    "one text": with_snapshots(PRESETS["tiny"].having(vector_depth=37)),
    "nine texts": with_snapshots(PRESETS["tiny"].having(streams=9, vector_depth=16)),
    "memory outside": with_snapshots(PRESETS["tiny"].having(memory=Axi(), vector_depth=16)),
}


class Bench(Component):
    """The link with memories behind it that are nothing but memories."""

    def __init__(self, machine: Machine, contents: int = 0) -> None:
        self._machine, self._contents = machine, contents
        super().__init__({"link_in": In(stream.Signature(8)), "link_out": Out(stream.Signature(8))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.link = link = Link(self._machine, 200, self._contents)
        m.submodules.access = access = StateAccess(self._machine)
        for source, sink in ((self.link_in, link.link_in), (link.link_out, self.link_out),
                             (link.writes, access.writes), (link.reads, access.reads),
                             (access.words, link.words)):
            connect_streams(m, source, sink)
        for spec in self._machine.states:
            port = getattr(access, spec.name)
            # In pieces, since the simulator writes an expression of all bits of a word.
            for start in range(0, spec.bits, 32):
                piece = slice(start, min(spec.bits, start + 32))
                m.submodules[f"{spec.name}_{start}"] = store = memory.Memory(
                    shape=piece.stop - start, depth=max(2, spec.depth), init=[])
                read, write = store.read_port(), store.write_port()
                m.d.comb += [
                    read.addr.eq(port.word), read.en.eq(port.read),
                    port.value[piece].eq(read.data), write.addr.eq(port.word),
                    write.data.eq(port.data[piece]), write.en.eq(port.write),
                ]
        return m


def check(machine: Machine, frames: list[bytes], seed: int = 0, density: float = 1.0,
          ready: float = 1.0) -> bytes:
    """Send frames to both; the bytes of the answers, which are the same."""
    board = EmulatedBoard(machine)
    board.write(b"".join(frames))
    wanted = board.read(1 << 30, 0)
    bench = Bench(machine)
    found = Receiver(bench.link_out, len(wanted), seed=seed, density=ready)
    simulate(bench, sender(bench.link_in, b"".join(frames), seed=seed, density=density), found,
             deadline=3_000_000)
    assert bytes(found.values) == wanted
    return wanted


def load(machine: Machine, name: str, first: int, words: list[int], sequence: int) -> bytes:
    size = 4 * word_chunks(machine, name)
    data = b"".join(word.to_bytes(size, "little") for word in words)
    return frame_bytes(FrameType.LOAD, sequence, struct.pack(
        "<BI", space_number(machine, name), first) + data)


def read(space: int, first: int, words: int, sequence: int) -> bytes:
    return frame_bytes(FrameType.READ, sequence, struct.pack("<BIH", space, first, words))


def fill(machine: Machine, rng: random.Random) -> list[bytes]:
    """Frames that write every word of every memory, each in a few pieces."""
    frames = []
    for spec in machine.states:
        first = 0
        while first < spec.depth:
            count = min(rng.randint(1, 20), spec.depth - first)
            frames.append(load(machine, spec.name, first,
                               [rng.getrandbits(spec.bits) for _ in range(count)], len(frames)))
            first += count
    return frames


@pytest.mark.parametrize(("name", "density", "ready"), [
    ("network", 1.0, 1.0), ("network", 0.6, 0.3), ("one text", 1.0, 0.6), ("one text", 0.5, 1.0),
    ("nine texts", 1.0, 1.0), ("memory outside", 1.0, 1.0), ("long words", 1.0, 1.0)])
def test_words_are_written_and_read_back(name: str, density: float, ready: float) -> None:
    machine, rng = MACHINES[name], random.Random(7)
    frames = [frame_bytes(FrameType.BEGIN, 1, b"\x12\x34\x56\x78"), *fill(machine, rng)]
    for spec in machine.states:
        number, first = space_number(machine, spec.name), rng.randrange(spec.depth)
        frames += [read(number, first, min(7, spec.depth - first), 40 + number),
                   read(number, spec.depth - 1, 1, 80 + number),
                   load(machine, spec.name, first, [rng.getrandbits(spec.bits)], 120 + number),
                   frame_bytes(FrameType.HELLO, 5), read(number, first, 1, 160 + number)]
    check(machine, frames, 3, density, ready)


@pytest.mark.parametrize("name", ["network", "nine texts"])
def test_what_cannot_be_read_is_refused(name: str) -> None:
    machine = MACHINES[name]
    spec = machine.states[-1]
    number = space_number(machine, spec.name)
    frames = fill(machine, random.Random(3))
    bad = [
        *(read(space, 0, 1, 1) for space in (*range(len(machine.memories)), number + 1, 200, 255)),
        read(number, spec.depth, 1, 1), read(number, 0, spec.depth + 1, 1),
        read(number, 1 << 24, 1, 1), read(number, (1 << 32) - 1, 2, 1),
        read(number, 0, 0, 1), read(255, 0, 0, 1), read(number, 0, 300, 1),
        frame_bytes(FrameType.READ, 1, bytes(6)), frame_bytes(FrameType.READ, 1, bytes(8)),
        frame_bytes(FrameType.READ, 1, b""),
        load(machine, spec.name, spec.depth, [1], 1),
        load(machine, spec.name, spec.depth - 1, [1, 2], 1),
        frame_bytes(FrameType.LOAD, 1, struct.pack("<BI", number, 0) + bytes(5)),
        frame_bytes(FrameType.LOAD, 1, struct.pack("<BI", number + 1, 0) + bytes(4)),
    ]
    for frame in bad:
        frames += [frame, read(number, spec.depth - 1, 1, 2)]
    check(machine, frames)


@pytest.mark.parametrize("name", ["network", "one text"])
def test_more_words_than_an_answer_holds_are_found(name: str) -> None:
    """The last number that is none too many, and one more; where they lie does not matter."""
    machine = MACHINES[name]
    spec = machine.states[-1]
    most = LONGEST_READ // (4 * word_chunks(machine, spec.name))
    found = []

    async def ask(ctx: Any) -> None:
        ctx.set(reader.space, space_number(machine, spec.name))
        for words in (most, most + 1, 65535, 3):
            ctx.set(reader.words, words)
            await ctx.tick()
            ctx.set(reader.start, 1)
            await ctx.tick()
            ctx.set(reader.start, 0)
            await ctx.tick().until(reader.measured)
            found.append((ctx.get(reader.too_long), ctx.get(reader.beyond)))

    reader = ReadChunks(machine)
    simulate(reader, ask, deadline=500_000)
    assert found == [(0, 1), (1, 1), (1, 1), (0, 0)]


def test_a_damaged_frame_reads_nothing() -> None:
    machine = MACHINES["network"]
    good = read(space_number(machine, "codes"), 0, 1, 9)
    broken = bytearray(good)
    broken[-1] ^= 4
    bench = Bench(machine)
    found = Receiver(bench.link_out, 8 + 7 + 16)
    simulate(bench, sender(bench.link_in, bytes(broken) + good), found)
    first, second = parse(bytes(found.values))
    assert (first.type, first.sequence, first.payload) == (
        FrameType.ERROR, 9, bytes([ErrorCode.CRC]))
    assert (second.type, len(second.payload)) == (FrameType.READ_ANSWER, 16)


def test_a_board_with_contents_lets_its_states_be_written() -> None:
    machine = MACHINES["one text"]
    frame = load(machine, "vectors", 3, [1234567], 6) + read(
        space_number(machine, "vectors"), 3, 1, 7)
    wanted = EmulatedBoard(machine)
    wanted.write(frame)
    answer = wanted.read(1 << 30, 0)
    bench = Bench(machine, contents=5)
    found = Receiver(bench.link_out, len(answer))
    simulate(bench, sender(bench.link_in, frame), found)
    assert bytes(found.values) == answer
