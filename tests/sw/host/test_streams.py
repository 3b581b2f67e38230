"""The driver of a board with several token streams."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sterna.errors import InputError
from sterna.host.token_board import TokenBoard

from tests.sw.host.fake_board import FakeBoard
from tests.sw.host.loaded_board import damage, embedding, image

STREAMS = 3


def loaded(placement: str = "chip", chained: bool = False) -> tuple[TokenBoard, FakeBoard]:
    whole = replace(image(placement), chained=chained)
    whole = replace(whole, machine=whole.machine.having(streams=STREAMS))
    board = FakeBoard(whole.machine.digest(), streams=STREAMS)
    device = TokenBoard(board, "fake")
    device.load(whole)
    return device, board


def counts(device: TokenBoard, tokens: dict[int, list[int]]) -> dict[int, int]:
    """Tokens since its reset that the board counts for every stream of a run."""
    return {stream: int(step.result.values[0]) for stream, step in device.run(tokens).items()}


def test_only_named_streams_run():
    device, board = loaded()
    one, two = device.join(), device.join()
    assert [0, one, two] == [0, 1, 2]
    assert counts(device, {0: [5], two: [7, 8]}) == {0: 1, two: 1}
    assert board.runs[-1] == (0, 15, 0, 21, 10, 0b101, 0)
    assert counts(device, {one: [1]}) == {one: 1}
    assert counts(device, {0: [4], one: [1], two: [8]}) == {0: 2, one: 2, two: 2}
    assert device.step(3).values[0] == 3
    assert board.runs[-1] == (0, 9, 0, 0, 10, 0b001, 0)


def test_streams_join_and_leave_and_leave_the_others_alone():
    device, board = loaded()
    other = device.join()
    counts(device, {0: [1], other: [1]})
    device.leave(0)
    device.join()
    assert board.runs[-1] == (1, 0, 0, 0, 10, 0b001, 0)
    assert counts(device, {0: [1], other: [1]}) == {0: 1, other: 2}
    device.join()
    with pytest.raises(ValueError, match="all 3 streams are in use"):
        device.join()
    with pytest.raises(ValueError, match="stream 7"):
        device.run({7: [1]})
    with pytest.raises(ValueError, match="no token"):
        device.run({0: []})
    with pytest.raises(InputError, match="token 10 is outside"):
        device.run({0: [1], other: [2, 10]})


def test_tokens_of_a_prompt_are_chained_through_what_is_free():
    device, board = loaded(chained=True)
    steps = device.run({0: [4, 5, 6, 7, 8]})
    assert steps[0].places == (0, 1, 2) and steps[0].result.values[0] == 3
    assert board.runs[-1] == (0, 12, 15, 18, 10, 0b111, 0b110)
    # The text lives in data path 2 now, and goes on from there, round the ring.
    steps = device.run({0: [7, 8]})
    assert steps[0].places == (2, 0) and steps[0].result.values[0] == 5
    assert board.runs[-1] == (0, 24, 0, 21, 10, 0b101, 0b001)
    other = device.join()
    steps = device.run({0: [1, 2, 3], other: [4, 5]})
    assert (steps[0].places, steps[other].places) == ((0,), (1, 2))
    assert board.runs[-1] == (0, 3, 12, 15, 10, 0b111, 0b100)
    assert counts(device, {0: [1], other: [4]}) == {0: 7, other: 3}
    assert board.runs[-1] == (0, 3, 0, 12, 10, 0b101, 0)


def test_rows_of_the_host_lie_side_by_side():
    device, board = loaded("host")
    device.join()
    before = len(board.loads)
    counts(device, {0: [4], 1: [6]})
    rows = [embedding(token).tobytes() for token in (4, 6)]
    assert [load[5:] for load in board.loads[before:]] == rows
    assert [int.from_bytes(load[1:5], "little") for load in board.loads[before:]] == [0, 3]
    assert board.runs[-1] == (0, 0, 3, 0, 10, 0b011, 0)


@pytest.mark.parametrize("chained", [False, True])
@pytest.mark.parametrize("fault", ["damage", "loss"])
def test_after_a_bad_answer_every_text_is_repeated(fault, chained):
    for number in range(6):
        device, board = loaded(chained=chained)
        other = device.join()
        counts(device, {0: [1], other: [1]})
        counts(device, {other: [1]})
        sent = board._counts[1] + number
        board.to_host = lambda n, data, sent=sent: (
            data if n != sent else damage(data) if fault == "damage" else b"")
        assert counts(device, {0: [1], other: [1]}) == {0: 2, other: 3}
        third = device.join()
        assert counts(device, {third: [1]}) == {third: 1}
        assert counts(device, {0: [1], other: [1], third: [1]}) == {0: 3, other: 4, third: 2}
        assert device.recoveries <= 1
