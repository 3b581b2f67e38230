"""GENERATE and STOP in the generated Verilog: what emulator and golden say, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sterna.compiler.compile import compile_program
from sterna.host.device import Wanted
from sterna.law.sampling import Sampling
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.frames import Frame, FrameDecoder, encode_frame
from sterna.machine.protocol import ErrorCode, FrameType, counter_words
from sterna_sim.board import SimulatedBoard

from tests.one_machine import ONE, TRACED
from tests.one_programs import PROGRAMS
from tests.sim.generation_frames import Frames
from tests.sim.two_texts import PROGRAM, two_texts
from tests.sw.host.test_making import PROMPT, WARM, taken, text_of
from tests.sw.snapshots import assert_same, golden, open_on

LONGEST = 0.014
"""Seconds of the simulation in which a window of ids is made."""


@pytest.fixture
def shared() -> bool:
    """Whether both texts are in one data path."""
    return False


@pytest.fixture
def board(shared: bool) -> Iterator[SimulatedBoard]:
    board = SimulatedBoard(two_texts(shared).machine, stall_permille=50, seed=3)
    yield board
    board.close()


def answer(board: SimulatedBoard | EmulatedBoard, data: bytes) -> Frame:
    """To a frame, as it comes."""
    board.write(data)
    decoder, frames = FrameDecoder(), []
    while not frames:
        found = board.read(1, 1)
        assert found
        frames = list(decoder.feed(found))
    return frames[0]


@pytest.mark.verilator
def test_answers_are_those_of_the_emulator(board: SimulatedBoard) -> None:
    """To frames in any order, also broken ones, on a board that makes all it may in between."""
    image = two_texts()
    emulator = EmulatedBoard(image.machine, ahead=True)
    for one in (board, emulator):
        open_on(one, image)
        answer(one, encode_frame(Frame(FrameType.BEGIN, 0, b"same")))
    frames, kinds = Frames(image, 3), set()
    counters = 4 * counter_words(image.machine)
    for number in range(250):
        kind, payload = frame = frames.draw()
        data = encode_frame(Frame(kind, number % 256, payload))
        if number % 16 == 5 and kind != FrameType.LOAD:  # which writes where it should not
            broken = data[:6] + bytes([data[6] ^ 0x10]) + data[7:]
            assert answer(board, broken).payload == bytes([ErrorCode.CRC])
        expected = answer(emulator, data)
        found = answer(board, data)
        if found.type == FrameType.RESULT:
            found = Frame(found.type, found.sequence,
                          expected.payload[:counters] + found.payload[counters:])
        assert found == expected, f"frame {number}: {kind.name} {payload.hex()}"
        frames.answered(frame, FrameType(found.type), found.payload)
        kinds.add((kind, found.type, found.payload if found.type == FrameType.ERROR else b""))
        if kind == FrameType.GENERATE:
            board.read(1, LONGEST)  # nothing comes: it makes what it may
    codes = {payload[0] for kind, _, payload in kinds
             if kind in (FrameType.GENERATE, FrameType.STOP) and payload}
    assert codes == {ErrorCode.TYPE, ErrorCode.LENGTH, ErrorCode.SPACE, ErrorCode.REQUEST}
    assert {found for _, found, _ in kinds} >= {
        FrameType.GENERATE_ANSWER, FrameType.STOP_ANSWER, FrameType.RESULT, FrameType.READ_ANSWER,
        FrameType.ACK, FrameType.INFO}


@pytest.mark.verilator
def test_a_model_on_the_machine_of_all_makes_its_texts() -> None:
    """One token stream, beside units that know nothing of it."""
    program = PROGRAMS["demo-tiny"]()
    image = compile_program(program, ONE)
    board = SimulatedBoard(TRACED, stall_permille=50, seed=4)
    try:
        device, reference = open_on(board, image), golden(program, image)
        turn, first = [3, 50, 7], 0
        for sampling, stops in ((WARM, True), (Sampling(), False)):
            device.begin(0, turn, Wanted(sampling=sampling, most=12))
            found = taken(device, 10 if stops else 99, 3)
            if stops:
                device.stop(0)
            assert found == text_of(
                reference, turn, Wanted(sampling=sampling, most=len(found)), first)
            assert_same(device.snapshot(), reference.snapshot())
            first, turn = first + len(turn) + len(found) - 1, [found[-1], 9]
        assert device.recoveries == 0
    finally:
        board.close()


@pytest.mark.verilator
@pytest.mark.parametrize("shared", [False, True])
def test_texts_are_those_of_the_golden(board: SimulatedBoard, shared: bool) -> None:
    """Greedy and sampled, to their ends, stopped in the middle, and side by side."""
    image = two_texts(shared)
    device, reference = open_on(board, image), golden(PROGRAM, image)
    for sampling in (Sampling(), WARM):
        reference.reset()
        device.reset()
        wanted = Wanted(sampling=sampling, most=21, text=2)
        device.begin(0, PROMPT, wanted)
        assert taken(device, 99) == text_of(reference, PROMPT, wanted)
        assert_same(device.snapshot(), reference.snapshot())
        turn, first = [9, 30], len(PROMPT) + 20
        for stop in (1, 14):
            device.begin(0, turn, Wanted(sampling=sampling, most=100))
            found = taken(device, stop, 3)
            device.stop(0)
            assert found == text_of(reference, turn, Wanted(sampling=sampling, most=stop), first)
            assert_same(device.snapshot(), reference.snapshot())
            first += len(turn) + stop - 1
            turn = [found[-1], 5]
    device.reset()
    device.join()
    made: dict[int, list[int]] = {0: [], 1: []}
    wants = {stream: Wanted(sampling=WARM, most=20 - 6 * stream, text=stream) for stream in made}
    for stream, wanted in wants.items():
        device.begin(stream, PROMPT[stream:], wanted)
    left = dict.fromkeys(made, 3)
    while left:
        for stream, found in device.take(left).items():
            made[stream] += found.ids
            if found.ended:
                del left[stream]
    assert device.recoveries == 0
    for stream, wanted in wants.items():
        reference = golden(PROGRAM, image)
        assert made[stream] == text_of(reference, PROMPT[stream:], wanted)
        assert_same(device.snapshot(stream), reference.snapshot())
