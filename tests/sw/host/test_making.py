"""Texts that a board makes by itself are those of the golden, whatever the line and the host do."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy as np
import pytest
import tokenizers
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.errors import InputError
from sterna.families.tokens.golden_device import GoldenDevice
from sterna.formats.tokenizer import Tokenizer
from sterna.host.device import Wanted
from sterna.host.generate import generate
from sterna.host.token_board import TokenBoard
from sterna.law.sampling import Sampling, choose
from sterna.machine.additions import with_generation
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.frames import Frame, FrameDecoder, encode_frame
from sterna.machine.generation import HEADER, STOP, TAKE, Kind, Request, Told, unpack_ids
from sterna.machine.image import RUN, MemoryImage
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import ErrorCode, FrameType
from sterna.machine.units.generate import MOST_ENDS
from sterna.program.definition import Program

from tests.sim.shapes import random_program
from tests.sw.snapshots import assert_same, golden, open_on

PROMPT = [3, 50, 7, 22]
WARM = Sampling(temperature=4.0, top_p=0.95, seed=11)


@pytest.fixture(scope="module")
def program() -> Program:
    return random_program(24, 2, 40, 61, seed=4)


def image_of(program: Program, window: int = 512, streams: int = 1) -> MemoryImage:
    base = PRESETS["tiny"].having(streams=streams)
    machine = with_generation(fit_machine(program, base, "chip"))
    return compile_program(program, machine.having(generate_window=window), "chip")


def text_of(device: GoldenDevice, ids: Sequence[int], wanted: Wanted, first: int = 0) -> list[int]:
    """Step by step, from position ``first`` on; the last id is not read."""
    made: list[int] = []
    results = [device.step(token) for token in ids]
    result, position = results[-1], first + len(ids)
    while len(made) < wanted.most:
        values = result.values.tolist()
        place = choose(values, (result.mantissa, result.exponent),
                       wanted.sampling.parameters(len(values)), wanted.text, position)
        made.append(int(result.rows[place]))
        if made[-1] in wanted.ends or len(made) == wanted.most:
            break
        result, position = device.step(made[-1]), position + 1
    return made


def taken(device: TokenBoard, most: int, at_once: int = 5) -> list[int]:
    """So many ids of stream 0."""
    made: list[int] = []
    while len(made) < most:
        found = device.take({0: min(at_once, most - len(made))})[0]
        made += found.ids
        if found.ended:
            break
    return made


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize(("window", "at_once"), [(1, 1), (4, 3), (8, 8), (512, 7)])
@pytest.mark.parametrize("sampling", [Sampling(), WARM])
def test_a_text_and_its_state_are_those_of_the_golden(
        program: Program, ahead: bool, window: int, at_once: int, sampling: Sampling) -> None:
    image = image_of(program, window)
    device = open_on(EmulatedBoard(image.machine, ahead=ahead), image)
    wanted, reference = Wanted(sampling=sampling, most=30, text=2), golden(program, image)
    device.begin(0, PROMPT * 3, wanted)
    assert taken(device, 99, at_once) == text_of(reference, PROMPT * 3, wanted)
    assert_same(device.snapshot(), reference.snapshot())


def test_an_end_token_ends_it_and_is_not_read(program: Program) -> None:
    image = image_of(program)
    whole = text_of(golden(program, image), PROMPT, Wanted(sampling=WARM, most=30))
    end = next(token for place, token in enumerate(whole) if place > 5)
    wanted = Wanted(sampling=WARM, most=30, ends=(end, 60))
    device, reference = open_on(EmulatedBoard(image.machine, ahead=True), image), golden(
        program, image)
    device.begin(0, PROMPT, wanted)
    found = taken(device, 99)
    assert found == text_of(reference, PROMPT, wanted) == whole[:whole.index(end) + 1]
    assert_same(device.snapshot(), reference.snapshot())


def test_more_end_tokens_than_a_board_keeps_are_looked_for_by_the_host(program: Program) -> None:
    image = image_of(program)
    device, reference = open_on(EmulatedBoard(image.machine), image), golden(program, image)
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel(
        {f"t{number}": number for number in range(61)}, "t0"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    whole = text_of(reference, PROMPT, Wanted(sampling=WARM, most=30))
    end = next(token for place, token in enumerate(whole) if place > 5)
    others = [number for number in range(61) if number not in whole][:MOST_ENDS]
    for ends in ((end, *others), (end,)):
        reference.reset()
        texts = ["".join(generate(one, Tokenizer(words), "t3 t50 t7 t22", begin=None, end=ends,
                                  maximum_tokens=30, sampling=WARM)) for one in (device, reference)]
        assert texts[0] == texts[1] and texts[0].split() == [
            f"t{token}" for token in whole[:whole.index(end)]]
    with pytest.raises(InputError, match="at most 8 end tokens, not 9"):
        device.begin(0, PROMPT, Wanted(sampling=WARM, most=30, ends=(end, *others)))


def test_a_request_of_no_ids_reads(program: Program) -> None:
    image = image_of(program)
    device, reference = open_on(EmulatedBoard(image.machine), image), golden(program, image)
    device.begin(0, PROMPT, Wanted(sampling=WARM, most=0))
    found = device.take({0: 3})[0]
    assert (found.ids, found.ended) == ((), True)
    for token in PROMPT:
        reference.step(token)
    assert_same(device.snapshot(), reference.snapshot())


@pytest.mark.parametrize("stop", [0, 1, 7, 14, 21])
@pytest.mark.parametrize("at_once", [1, 4])
def test_a_stopped_text_goes_on_from_the_state_behind_what_was_taken(
        program: Program, stop: int, at_once: int) -> None:
    image = image_of(program, window=4)
    device = open_on(EmulatedBoard(image.machine, ahead=True), image)
    reference = golden(program, image)
    device.begin(0, PROMPT, Wanted(sampling=WARM, most=200))
    ids = [*PROMPT, *taken(device, stop, at_once)]
    assert len(ids) == len(PROMPT) + stop
    device.stop(0)
    assert ids[len(PROMPT):] == text_of(
        reference, PROMPT, Wanted(sampling=WARM, most=stop)) if stop else True
    if not stop:  # the last of the prompt was not read for certain
        for token in PROMPT[:-1]:
            reference.step(token)
    assert_same(device.snapshot(), reference.snapshot())
    turn = [ids[-1], 9, 30]
    wanted = Wanted(sampling=WARM, most=9)
    device.begin(0, turn, wanted)
    assert taken(device, 99) == text_of(reference, turn, wanted, len(ids) - 1)
    assert_same(device.snapshot(), reference.snapshot())


def test_a_board_is_never_more_than_a_window_ahead(program: Program) -> None:
    image = image_of(program, window=6)
    board = EmulatedBoard(image.machine, ahead=True)
    device = open_on(board, image)
    device.begin(0, PROMPT, Wanted(sampling=WARM, most=100))
    for number in range(20):
        device.take({0: 2})
        assert board._generation is not None
        text = board._generation._texts[0]
        assert text.end <= len(PROMPT) + 2 * number + 6
        # What a stop would have to read again, at most.
        assert text.read - text.slots[0].read <= 3 * 6


def test_candidates_are_those_from_which_an_id_was_chosen(program: Program) -> None:
    image = image_of(program)
    device, reference = open_on(EmulatedBoard(image.machine), image), golden(program, image)
    device.begin(0, PROMPT, Wanted(sampling=WARM, most=8, candidates=True))
    made = [device.take({0: 4})[0] for _ in range(8)]
    assert [len(found.ids) for found in made] == [1] * 8 and made[-1].ended
    for found, token in zip(made, [None, *(found.ids[0] for found in made)], strict=False):
        results = [reference.step(item) for item in (PROMPT if token is None else [token])]
        assert found.candidates[0].candidates() == results[-1].candidates()


def test_several_texts_side_by_side(program: Program) -> None:
    """Prompts are read in chunks; a text that ends makes room, and the others go on."""
    image = image_of(program, window=8, streams=3)
    device = open_on(EmulatedBoard(image.machine, ahead=True), image)
    prompts = [PROMPT, [5, 6, 7, 8, 9], [1], [40, 41]]
    left, made, streams = list(range(4)), {}, {}
    while left or streams:
        while left and len(streams) < 3:
            stream = device.join() if made else 0
            number = streams[stream] = left.pop(0)
            made[number] = []
            device.begin(stream, prompts[number],
                         Wanted(sampling=WARM, most=7 + 4 * number, text=number))
        for stream, found in device.take(dict.fromkeys(streams, 3)).items():
            made[streams[stream]] += found.ids
            if found.ended:
                device.leave(stream)
                del streams[stream]
    for number, prompt in enumerate(prompts):
        wanted = Wanted(sampling=WARM, most=7 + 4 * number, text=number)
        assert made[number] == text_of(golden(program, image), prompt, wanted)


class BadLine(EmulatedBoard):
    """Loses or breaks a frame of GENERATE and STOP in so many of them, either way."""

    def __init__(self, machine: Any, seed: int, every: int) -> None:
        super().__init__(machine, ahead=True)
        self._faults, self._every = np.random.default_rng(seed), every
        self.quiet = True

    def write(self, data: bytes) -> None:
        kind = self._fault() if data[1] in (FrameType.GENERATE, FrameType.STOP) else 2
        if kind == 0:
            return
        if kind == 1:
            broken = bytearray(data)
            broken[int(self._faults.integers(5, len(data)))] ^= 0x10
            super().write(bytes(broken))
            # What has no checksum that fits is told at once here.
            if not self._output:
                self._output += encode_frame(
                    Frame(FrameType.ERROR, data[2], bytes([ErrorCode.CRC])))
            return
        before = len(self._output)
        super().write(data)
        kind = self._fault() if data[1] in (FrameType.GENERATE, FrameType.STOP) else 2
        if kind == 0:
            del self._output[before:]
        elif kind == 1 and len(self._output) > before + 7:
            self._output[before + 6] ^= 0x10

    def _fault(self) -> int:
        return 2 if self.quiet else min(2, int(self._faults.integers(self._every)))


@pytest.mark.parametrize("seed", range(4))
def test_lost_and_broken_frames_repeat_no_token_and_lose_none(
        program: Program, seed: int) -> None:
    image = image_of(program, window=8)
    board = BadLine(image.machine, seed, 60)
    device, reference = open_on(board, image), golden(program, image)
    board.quiet = False
    turn, first = PROMPT, 0
    for number in count():
        wanted = Wanted(sampling=WARM, most=200)
        device.begin(0, turn, wanted)
        found = taken(device, 19 + number, 3)
        device.stop(0)
        assert found == text_of(reference, turn, Wanted(sampling=WARM, most=len(found)), first)
        first += len(turn) + len(found) - 1
        turn = [found[-1], number]
        if device.recoveries > 3:
            break
    board.quiet = True
    assert_same(device.snapshot(), reference.snapshot())


@pytest.mark.parametrize("taken_before", [0, 9])
def test_a_board_that_starts_again_goes_on_where_it_was(
        program: Program, taken_before: int) -> None:
    image = image_of(program, window=8)
    board = EmulatedBoard(image.machine, ahead=True)
    device, reference = open_on(board, image), golden(program, image)
    wanted = Wanted(sampling=WARM, most=30)
    device.begin(0, PROMPT, wanted)
    found = taken(device, taken_before)
    EmulatedBoard.__init__(board, image.machine, ahead=True)
    assert found + taken(device, 99) == text_of(reference, PROMPT, wanted)
    assert device.recoveries == 1
    assert_same(device.snapshot(), reference.snapshot())


def ask(board: EmulatedBoard, kind: FrameType, payload: bytes) -> Frame:
    board.write(encode_frame(Frame(kind, 7, payload)))
    frame, = FrameDecoder().feed(board.read(1 << 16, 1))
    return frame


def test_frames_that_come_again_and_frames_that_make_no_sense(program: Program) -> None:
    image = image_of(program, window=4)
    board = EmulatedBoard(image.machine)
    device = open_on(board, image)
    asked = WARM.parameters(4)
    request = Request(
        entry=image.entries[RUN], row_words=image.row_groups, rows=image.rows,
        mantissa=asked.sharpness[0], exponent=asked.sharpness[1], count=asked.count,
        share=asked.share, seed=asked.seed, text=0, most=9, ends=(60,))

    def generate(kind: int, number: int, position: int, rest: bytes, stream: int = 0) -> Frame:
        return ask(board, FrameType.GENERATE, HEADER.pack(kind, stream, number, position) + rest)

    def refused(frame: Frame, code: ErrorCode) -> bool:
        return frame.type == FrameType.ERROR and frame.payload == bytes([code])

    start = request.pack(PROMPT)
    first = generate(Kind.START, 1, 0, start)
    assert Told.unpack(first.payload)[0] == Told(4, False)
    assert generate(Kind.START, 1, 0, start).payload == first.payload
    more = generate(Kind.PART, 1, 4, b"\x05\x00\x00")
    assert Told.unpack(more.payload)[0] == Told(5, False)
    assert generate(Kind.PART, 1, 4, b"\x05\x00\x00").payload == more.payload
    take = generate(Kind.TAKE, 1, 5, TAKE.pack(3, 9))
    again = generate(Kind.TAKE, 1, 5, TAKE.pack(3, 9))
    told, data = Told.unpack(take.payload)
    assert again.payload == take.payload and told.position == 8
    reference = golden(program, image)
    assert unpack_ids(data[:-8]) == text_of(
        reference, [*PROMPT, 5], Wanted(sampling=WARM, most=3))
    for frame, code in (
        (generate(Kind.TAKE, 1, 5, TAKE.pack(3, 10)), ErrorCode.SPACE),
        (generate(Kind.TAKE, 1, 9, TAKE.pack(1, 10)), ErrorCode.SPACE),
        (generate(Kind.TAKE, 1, 4, TAKE.pack(1, 5)), ErrorCode.SPACE),
        (generate(Kind.TAKE, 2, 5, TAKE.pack(3, 9)), ErrorCode.REQUEST),
        (generate(Kind.TAKE, 1, 5, TAKE.pack(3, 9), stream=1), ErrorCode.REQUEST),
        (generate(Kind.START, 2, 5, start, stream=1), ErrorCode.SPACE),
        (generate(Kind.PART, 1, 6, b"\x05\x00\x00"), ErrorCode.SPACE),
        (generate(Kind.PART, 1, 5, b"\x05\x00"), ErrorCode.LENGTH),
        (generate(Kind.TAKE, 1, 5, b"\x05\x00"), ErrorCode.LENGTH),
        (generate(Kind.START, 3, 5, start[:20]), ErrorCode.LENGTH),
        (generate(7, 1, 5, b""), ErrorCode.TYPE),
        (ask(board, FrameType.GENERATE, b"\x00"), ErrorCode.LENGTH),
        (ask(board, FrameType.STOP, b"\x00"), ErrorCode.LENGTH),
        (ask(board, FrameType.STOP, STOP.pack(0, 2, 6)), ErrorCode.REQUEST),
        (ask(board, FrameType.STOP, STOP.pack(0, 1, 9)), ErrorCode.SPACE),
        (ask(board, FrameType.STOP, STOP.pack(0, 1, 4)), ErrorCode.SPACE),
    ):
        assert refused(frame, code), frame
    stopped = ask(board, FrameType.STOP, STOP.pack(0, 1, 6))
    assert ask(board, FrameType.STOP, STOP.pack(0, 1, 6)).payload == stopped.payload
    assert Told.unpack(stopped.payload)[0].ended
    device.close()


def test_what_a_stream_that_makes_a_text_cannot_do(program: Program) -> None:
    image = image_of(program)
    device = open_on(EmulatedBoard(image.machine), image)
    device.begin(0, PROMPT, Wanted(sampling=WARM, most=9))
    for act in (lambda: device.step(1), device.snapshot,
                lambda: device.begin(0, PROMPT, Wanted(sampling=WARM, most=9))):
        with pytest.raises(ValueError, match="makes a text"):
            act()
    device.stop(0)
    device.stop(0)
    with pytest.raises(InputError, match="outside the vocabulary"):
        device.begin(0, [61], Wanted(sampling=WARM, most=9))
    with pytest.raises(InputError, match="returns the 4 best"):
        device.begin(0, [1], Wanted(sampling=Sampling(1.0, top_k=5), most=9))


def test_a_machine_without_the_unit_or_without_rows_makes_none(program: Program) -> None:
    image = image_of(program)
    assert open_on(EmulatedBoard(image.machine), image).maker is not None
    host = compile_program(program, image.machine, "host")
    assert open_on(EmulatedBoard(host.machine), host).maker is None
    plain = compile_program(program, fit_machine(program, PRESETS["tiny"], "chip"), "chip")
    assert open_on(EmulatedBoard(plain.machine), plain).maker is None
