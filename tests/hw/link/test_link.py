"""The whole link against a plain-Python board: every frame type, every fault, stalls everywhere."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field

import pytest
from amaranth.sim import Simulator
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import (
    FAILED_READ,
    FAILED_WRITE,
    ErrorCode,
    FrameType,
    word_chunks,
    word_depth,
)
from sterna_hw.link.link import Link
from sterna_sim.streams import get, put, simulate

from tests.hw.link.frame_model import START, Frame, frame_bytes, parse
from tests.hw.spaces import Number

TINY = PRESETS["tiny"]
RUN_WORDS = 4 + 2 + 2 * TINY.head.top_k
"""Words of a RESULT before the session, as the units give them."""
RESERVED = (0x04, 0x05, 0x06, 0x84, 0x85, 0x86)


@dataclass
class Board:
    """What the link did: chunks written in order, runs started, bytes sent."""

    writes: list[tuple[int, int, int, int]] = field(default_factory=list)
    runs: list[tuple[int, int, int]] = field(default_factory=list)
    sent: bytearray = field(default_factory=bytearray)
    clocks: int = 0

    @property
    def answers(self) -> list[Frame]:
        return parse(bytes(self.sent))


def run_words(run: int) -> list[int]:
    """Made-up RESULT words of the run with that number."""
    rng = random.Random(run)
    return [rng.getrandbits(32) for _ in range(RUN_WORDS)]


def result(sequence: int, run: int, nonce: int = 0, count: int | None = None) -> Frame:
    """The RESULT of the run with that number, which is also how many came before, if not said."""
    words = [*run_words(run), nonce, run if count is None else count]
    return Frame(FrameType.RESULT, sequence, struct.pack(f"<{RUN_WORDS + 2}I", *words))


def info(sequence: int, nonce: int = 0, count: int = 0, contents: int = 0,
         machine: Machine = TINY) -> Frame:
    """INFO as the table of the protocol has it."""
    return Frame(FrameType.INFO, sequence, struct.pack(
        "<BBH BBH BBQ BBQ BBII", 1, 2, 4, 2, 2, machine.head.top_k, 3, 8, machine.digest(),
        4, 8, contents, 5, 8, nonce, count))


def begin(sequence: int, nonce: int) -> bytes:
    return frame_bytes(FrameType.BEGIN, sequence, nonce.to_bytes(4, "little"))


def drive(pieces: list[bytes | int], *, seed: int = 0, density: float = 1.0, ready: float = 1.0,
          write_ready: float = 1.0, run_clocks: int = 30, settle: int = 400,
          frame_timeout: int = 200, contents: int = 0,
          failures: tuple[int, ...] | None = None) -> Board:
    """Send pieces (numbers are pauses in clocks) and record what happens.

    ``failures`` are those of a memory behind AXI4 ports, each there until it is told.
    """
    machine = TINY if failures is None else TINY.having(memory=Axi())
    dut = Link(machine, frame_timeout=frame_timeout, contents=contents)
    board = Board()

    async def send(ctx):
        rng = random.Random(seed)
        for piece in pieces:
            if isinstance(piece, int):
                await ctx.tick().repeat(piece)
                continue
            for byte in piece:
                while rng.random() >= density:
                    await ctx.tick()
                await put(ctx, dut.link_in, byte)
        await ctx.tick().repeat(settle)

    async def take(ctx):
        rng = random.Random(seed + 1)
        while True:
            ctx.set(dut.link_out.ready, taking := rng.random() < ready)
            *_, valid, byte = await ctx.tick().sample(dut.link_out.valid, dut.link_out.payload)
            board.clocks += 1
            if valid and taking:
                board.sent.append(byte)

    async def memories(ctx):
        rng = random.Random(seed + 2)
        write = dut.writes
        while True:
            ctx.set(write.ready, taking := rng.random() < write_ready)
            *_, valid, chunk = await ctx.tick().sample(write.valid, write.payload)
            if valid and taking:
                board.writes.append((chunk.space, chunk.word, chunk.chunk, chunk.data))

    async def units(ctx):
        while True:
            request = await get(ctx, dut.runs)
            board.runs.append(tuple(request.values()))
            await ctx.tick().repeat(run_clocks)
            for word in run_words(len(board.runs)):
                await put(ctx, dut.result, word)

    async def memory(ctx):
        for code in failures or ():
            ctx.set(dut.failure, code)
            told = False
            while not told:
                *_, told = await ctx.tick().sample(dut.failure_taken)
            ctx.set(dut.failure, 0)
            await ctx.tick().repeat(2)
        while True:
            await ctx.tick()

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(send)
    for testbench in (take, memories, units, memory):
        simulator.add_testbench(testbench, background=True)
    simulator.run()
    return board


def load(space: int, word: int, values: list[int], sequence: int = 0) -> bytes:
    """A LOAD frame of memory words."""
    chunks = word_chunks(TINY, Number(space).space)
    words = b"".join(value.to_bytes(4 * chunks, "little") for value in values)
    return frame_bytes(FrameType.LOAD, sequence, struct.pack("<BI", space, word) + words)


def expected_writes(space: int, word: int, values: list[int]) -> list[tuple[int, int, int, int]]:
    chunks = word_chunks(TINY, Number(space).space)
    return [(space, word + index, chunk, value >> 32 * chunk & 0xFFFF_FFFF)
            for index, value in enumerate(values) for chunk in range(chunks)]


def error(sequence: int, code: ErrorCode) -> Frame:
    return Frame(FrameType.ERROR, sequence, bytes([code]))


def test_hello():
    board = drive([frame_bytes(FrameType.HELLO, 77)])
    assert board.answers == [info(77)]


def test_a_board_with_contents_names_them_and_takes_only_input():
    contents = 0x0123456789ABCDEF
    loads = [load(space, 1, [5], space) for space in Number]
    board = drive([frame_bytes(FrameType.HELLO, 77), *loads], contents=contents)
    refused = [error(space, ErrorCode.SPACE) for space in Number if space != Number.INPUT]
    assert board.answers == [
        info(77, contents=contents), *refused, Frame(FrameType.ACK, Number.INPUT, b"")]
    assert board.writes == expected_writes(Number.INPUT, 1, [5])


@pytest.mark.parametrize("density, ready, write_ready",
                         [(1.0, 1.0, 1.0), (0.5, 1.0, 0.2), (1.0, 0.3, 0.1), (0.7, 0.7, 0.7)])
def test_back_to_back_frames(density, ready, write_ready):
    rng = random.Random(21)
    pieces, answers, writes, runs = [], [], [], []
    nonce, count = 0, 0
    for sequence in range(18):
        kind = rng.choice(["hello", "begin", "load", "load", "run", "run"])
        if kind == "hello":
            pieces.append(frame_bytes(FrameType.HELLO, sequence))
            answers.append(info(sequence, nonce, count))
        elif kind == "begin":
            nonce, count = rng.getrandbits(32), 0
            pieces.append(begin(sequence, nonce))
            answers.append(Frame(FrameType.ACK, sequence, b""))
        elif kind == "load":
            space = rng.choice(list(Number))
            values = [rng.getrandbits(32 * word_chunks(TINY, space.space))
                      for _ in range(rng.randrange(5))]
            word = rng.randrange(word_depth(TINY, space.space) - 5)
            pieces.append(load(space, word, values, sequence))
            answers.append(Frame(FrameType.ACK, sequence, b""))
            writes += expected_writes(space, word, values)
        else:
            request = (rng.getrandbits(16), rng.getrandbits(32), rng.getrandbits(32))
            pieces.append(frame_bytes(FrameType.RUN, sequence, struct.pack("<HII", *request)))
            runs.append(request)
            count += 1
            answers.append(result(sequence, len(runs), nonce, count))
    assert len(runs) > 3 and nonce
    board = drive([b"".join(pieces)], seed=4, density=density, ready=ready,
                  write_ready=write_ready, settle=2000)
    assert board.answers == answers
    assert board.writes == writes
    assert board.runs == runs


def test_load_takes_one_byte_a_clock():
    values = list(range(300))
    frame = load(Number.TABLES, 0, values)
    board = drive([frame], settle=20)
    assert len(board.writes) == len(values) * word_chunks(TINY, Number.TABLES.space)
    assert board.clocks <= len(frame) + 25


@pytest.mark.parametrize("kind, payload, code", [
    (0x00, b"", ErrorCode.TYPE),
    *((kind, bytes(9), ErrorCode.TYPE) for kind in RESERVED),
    *((kind, b"", ErrorCode.TYPE) for kind in RESERVED),
    (FrameType.RESULT, bytes(3), ErrorCode.TYPE),
    (FrameType.HELLO, b"x", ErrorCode.LENGTH),
    (FrameType.BEGIN, bytes(3), ErrorCode.LENGTH),
    (FrameType.BEGIN, bytes(5), ErrorCode.LENGTH),
    (FrameType.RUN, bytes(9), ErrorCode.LENGTH),
    (FrameType.RUN, bytes(11), ErrorCode.LENGTH),
    (FrameType.RUN, b"", ErrorCode.LENGTH),
    (FrameType.LOAD, b"", ErrorCode.LENGTH),
    (FrameType.LOAD, bytes(4), ErrorCode.LENGTH),
    (FrameType.LOAD, bytes(5 + 3), ErrorCode.LENGTH),
    (FrameType.LOAD, bytes(5 + 5), ErrorCode.LENGTH),
    (FrameType.LOAD, bytes([Number.TABLES]) + bytes(4 + 4), ErrorCode.LENGTH),
    (FrameType.LOAD, bytes([5]) + bytes(4 + 4), ErrorCode.SPACE),
    (FrameType.LOAD, bytes([255]) + bytes(4 + 8), ErrorCode.SPACE),
    (FrameType.LOAD, struct.pack("<BII", Number.WEIGHTS, 1 << 24, 0), ErrorCode.SPACE),
    (FrameType.LOAD, struct.pack("<BII", Number.WEIGHTS, TINY.ternary.weight_depth, 0),
     ErrorCode.SPACE),
])
def test_refused_frames(kind, payload, code):
    board = drive([frame_bytes(kind, 200, payload), load(Number.WEIGHTS, 3, [1], 201)])
    assert board.answers == [error(200, code), Frame(FrameType.ACK, 201, b"")]
    assert board.runs == []
    assert board.writes[-1] == (Number.WEIGHTS, 3, 0, 1)
    if code == ErrorCode.SPACE:
        assert len(board.writes) == 1


def test_words_beyond_the_memory_are_not_written():
    last = word_depth(TINY, Number.INPUT.space) - 1
    board = drive([load(Number.INPUT, last, [7, 8], 5)])
    assert board.answers == [error(5, ErrorCode.SPACE)]
    assert board.writes == expected_writes(Number.INPUT, last, [7])


def test_corrupt_run_does_nothing():
    frame = bytearray(frame_bytes(FrameType.RUN, 3, bytes(10)))
    frame[7] ^= 4
    board = drive([bytes(frame), frame_bytes(FrameType.HELLO, 4)])
    assert [answer.type for answer in board.answers] == [FrameType.ERROR, FrameType.INFO]
    assert board.answers[0] == error(3, ErrorCode.CRC)
    assert board.runs == []


def test_corrupt_load_is_set_right_by_sending_it_again():
    good = load(Number.CONSTANTS, 9, [11, 12, 13], 3)
    broken = bytearray(good)
    broken[13] ^= 0x10
    board = drive([bytes(broken), good])
    assert board.answers == [error(3, ErrorCode.CRC), Frame(FrameType.ACK, 3, b"")]
    memory: dict[tuple[int, int, int], int] = {}
    for space, word, chunk, value in board.writes:
        memory[space, word, chunk] = value
    assert memory == {key[:3]: key[3] for key in expected_writes(2, 9, [11, 12, 13])}


@pytest.mark.parametrize("cut", [1, 3, 5, 8, 12, 17, 18])
def test_cut_load_leaves_no_trace_in_the_next_frame(cut):
    frame = load(Number.WEIGHTS, 4, [5, 6], 1)
    assert len(frame) == 20
    board = drive([frame[:cut], 250, frame, b"\x00\x01noise", frame], frame_timeout=200)
    assert board.answers == [Frame(FrameType.ACK, 1, b"")] * 2
    assert board.writes[-4:] == expected_writes(Number.WEIGHTS, 4, [5, 6]) * 2


def test_frame_waits_for_the_run_to_end():
    run = frame_bytes(FrameType.RUN, 1, struct.pack("<HII", 1, 2, 3))
    board = drive([run + load(Number.INPUT, 0, [1], 2) + run], run_clocks=500, settle=2000,
                  frame_timeout=100)
    assert [answer.sequence for answer in board.answers] == [1, 2, 1]
    assert board.runs == [(1, 2, 3)] * 2


def test_noise_alone_is_not_answered():
    rng = random.Random(6)
    noise = bytes(byte for byte in rng.randbytes(300) if byte != START)
    assert drive([noise], settle=50).sent == b""


@pytest.mark.parametrize("density, ready", [(1.0, 1.0), (0.6, 0.4)])
def test_failures_of_a_memory_outside_are_told_once(density, ready):
    """By the LOAD or the RUN that comes upon one; HELLO does not care."""
    run = frame_bytes(FrameType.RUN, 4, bytes(10))
    pieces = [
        frame_bytes(FrameType.HELLO, 1), load(Number.CONSTANTS, 2, [7], 2),
        load(Number.CONSTANTS, 2, [7], 3), run, 400, run, 400]
    board = drive(pieces, density=density, ready=ready,
                  failures=(FAILED_WRITE + 31, FAILED_WRITE, FAILED_READ + 1))
    hello, *answers, last = board.answers
    assert hello == info(1, machine=TINY.having(memory=Axi()))
    assert answers == [Frame(FrameType.ERROR, sequence, bytes([code])) for sequence, code in (
        (2, FAILED_WRITE + 31), (3, FAILED_WRITE), (4, FAILED_READ + 1))]
    assert last == result(4, 2, count=1)  # a RUN without RESULT does not count


def test_the_session_counts_results_and_begins_with_a_nonce():
    run = frame_bytes(FrameType.RUN, 9, bytes(10))
    broken = bytearray(begin(4, 0x0BADBAD0))
    broken[-1] ^= 1
    board = drive([b"".join([
        run, run, frame_bytes(FrameType.HELLO, 1), begin(2, 0xFEDCBA98), run,
        frame_bytes(FrameType.HELLO, 3), bytes(broken), run])], settle=1500)
    ack = Frame(FrameType.ACK, 2, b"")
    assert board.answers == [
        result(9, 1), result(9, 2), info(1, 0, 2), ack, result(9, 3, 0xFEDCBA98, 1),
        info(3, 0xFEDCBA98, 1), error(4, ErrorCode.CRC), result(9, 4, 0xFEDCBA98, 2)]


def test_a_failure_of_several_streams_leaves_no_words_behind():
    """Their RESULT is as long as streams ran."""
    machine = TINY.having(streams=2, memory=Axi())
    dut = Link(machine)
    words, taken = RUN_WORDS, []
    payload = struct.pack("<HIIIHH", 0, 0, 0, 0, 2, 0)

    async def send(ctx):
        for byte in frame_bytes(FrameType.RUN, 9, payload):
            await put(ctx, dut.link_in, byte)
        await get(ctx, dut.runs)
        ctx.set(dut.failure, FAILED_READ)
        for word in range(words):
            await put(ctx, dut.result, word)
        ctx.set(dut.failure, 0)
        for _ in range(8):
            taken.append(await get(ctx, dut.link_out))
        ctx.set(dut.result.valid, 1)
        await ctx.tick().repeat(5)
        assert not ctx.get(dut.result.ready)

    simulate(dut, send)
    assert parse(bytes(taken)) == [Frame(FrameType.ERROR, 9, bytes([FAILED_READ]))]
