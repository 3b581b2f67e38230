"""Requests and answers over good and bad lines."""

from __future__ import annotations

import pytest
from sterna.errors import LinkError
from sterna.host.link import ATTEMPTS, AnswerLost, Link, MemoryFailure, Request
from sterna.machine.protocol import FAILED_WRITE, FrameType

from tests.sw.host.fake_board import FakeBoard

HELLO = Request(FrameType.HELLO, b"", FrameType.INFO)


def load(number: int) -> Request:
    return Request(FrameType.LOAD, bytes([number]) * 40, FrameType.ACK)


def flip(data: bytes, place: int) -> bytes:
    place %= len(data)
    return data[:place] + bytes([data[place] ^ 0x40]) + data[place + 1 :]


def test_answers_come_in_the_order_of_the_requests():
    board = FakeBoard(digest=0x1234)
    link = Link(board)
    answers = link.requests([load(n) for n in range(20)] + [HELLO], 1)
    assert board.loads == [bytes([n]) * 40 for n in range(20)]
    assert answers[:20] == [b""] * 20 and answers[20][10:18] == (0x1234).to_bytes(8, "little")
    assert link.retries == 0


def test_sequence_numbers_wrap_around():
    link = Link(FakeBoard())
    for _ in range(600):
        assert link.request(HELLO, 1)


@pytest.mark.parametrize("place", [0, 1, 2, 3, 6, -1])
def test_a_damaged_request_is_sent_again(place):
    board = FakeBoard(to_board=lambda n, data: flip(data, place) if n == 3 else data)
    link = Link(board)
    link.requests([load(n) for n in range(8)], 1)
    assert sorted(set(board.loads)) == [bytes([n]) * 40 for n in range(8)]
    assert link.retries >= 1


@pytest.mark.parametrize("place", [0, 1, 2, 3, 4, -1])
def test_a_damaged_answer_is_asked_for_again(place):
    board = FakeBoard(to_host=lambda n, data: flip(data, place) if n == 2 else data)
    link = Link(board)
    link.requests([load(n) for n in range(8)], 1)
    assert set(board.loads) == {bytes([n]) * 40 for n in range(8)}
    assert link.retries == 1


def test_a_lost_answer_and_a_cut_one():
    board = FakeBoard(to_host=lambda n, data: {1: b"", 4: data[:3]}.get(n, data))
    link = Link(board)
    assert len(link.requests([load(n) for n in range(6)], 1)) == 6
    assert set(board.loads) == {bytes([n]) * 40 for n in range(6)}
    assert link.retries >= 1


def test_noise_in_front_of_answers_does_no_harm():
    board = FakeBoard(to_host=lambda n, data: b"\x00\xa5\x17" + data)
    assert len(Link(board).requests([load(n) for n in range(6)], 1)) == 6


def test_a_silent_board_is_reported_after_the_attempts():
    board = FakeBoard(to_host=lambda n, data: b"")
    with pytest.raises(AnswerLost, match=f"no good answer in {ATTEMPTS} attempts"):
        Link(board).requests([load(0)], 1)
    assert len(board.loads) == ATTEMPTS


def test_a_busy_machine_is_named_with_the_way_out():
    board = FakeBoard(to_host=lambda n, data: b"")
    with pytest.raises(AnswerLost, match="When this machine is busy, give it longer: --timeout 6$"):
        Link(board).requests([load(0)], 1.5)


def test_zeros_keep_an_answer_alive_and_noise_does_not():
    """A board that says for long that it is at work, and a device that is none and says much."""
    board = FakeBoard()
    link = Link(board)
    board.to_host = lambda n, data: bytes(1_000_000) + data
    link.request(load(0), 1)
    assert link.retries == 0

    class Chatter(FakeBoard):
        def read(self, count: int, timeout: float) -> bytes:
            return b"$GPGGA"[:count]

    with pytest.raises(AnswerLost, match="no good answer"):
        Link(Chatter()).request(load(0), 1)


def test_a_device_that_never_ends_a_frame_is_no_board(monkeypatch):
    """A byte comes just before each time-out, all of them parts of a frame; then the same board
    with an answer at the pace of a slow simulation."""
    now = [0.0]
    monkeypatch.setattr("sterna.host.link.monotonic", lambda: now[0])

    class Slow(FakeBoard):
        endless, pace = b"\xa5", 0.9

        def read(self, count: int, timeout: float) -> bytes:
            data = self.endless * count or super().read(count, timeout)
            now[0] += len(data) * self.pace
            return data

    with pytest.raises(AnswerLost, match="no good answer"):
        Link(Slow()).request(load(0), 1)
    assert now[0] < 3 * 90
    Slow.endless, Slow.pace = b"", 1.0
    link = Link(Slow())
    link.request(load(0), 1)
    assert link.retries == 0


RUN = Request(FrameType.RUN, bytes(10), FrameType.RESULT)
TOGETHER = [load(0), load(1), RUN]


def test_together_all_is_under_way_before_an_answer_is_read():
    board = FakeBoard()
    link, order = Link(board), []
    board.to_board = lambda n, data: order.append("written") or data
    read = board.read
    board.read = lambda *how: order.append("read") or read(*how)
    answers = link.together([load(n) for n in range(9)] + [RUN], 1)
    assert order[:10] == ["written"] * 10 and set(order[10:]) == {"read"}
    assert answers[:9] == [b""] * 9 and len(answers[9]) == 16 + 8 + 16 + 8
    assert board.loads == [bytes([n]) * 40 for n in range(9)] and len(board.runs) == 1


@pytest.mark.parametrize("place", range(47))
@pytest.mark.parametrize("number", range(3))
def test_together_nothing_is_sent_again_and_a_damaged_frame_is_an_error(number, place):
    board = FakeBoard(to_board=lambda n, data: flip(data, place) if n == number else data)
    link = Link(board)
    with pytest.raises(AnswerLost):
        link.together(TOGETHER, 1)
    # The others are carried out and answered: nothing of them meets the next request.
    assert len(board.loads) == 2 - (number < 2) and len(board.runs) == (number < 2)
    assert link.retries == 0 and board._counts[0] == 3
    board.to_board = lambda n, data: data
    assert link.request(HELLO, 1)


@pytest.mark.parametrize("fault", ["loss", "damage", "cut"])
@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("way", ["to_board", "to_host"])
def test_together_a_frame_that_is_gone_is_an_error(way, number, fault):
    spoilt = {"loss": lambda data: b"", "damage": lambda data: flip(data, -1),
              "cut": lambda data: data[:3]}[fault]
    board = FakeBoard(**{way: lambda n, data: spoilt(data) if n == number else data})
    link = Link(board)
    with pytest.raises(AnswerLost) as caught:
        link.together(TOGETHER, 1)
    told = "damages frames" if (way, fault) == ("to_board", "damage") else "in 1 attempt;"
    assert told in str(caught.value)
    setattr(board, way, lambda n, data: data)
    assert link.together(TOGETHER, 1)[:2] == [b"", b""]


def test_together_what_the_first_fault_was_is_told():
    board = FakeBoard()
    board.failure = FAILED_WRITE
    with pytest.raises(MemoryFailure, match="during LOAD"):
        Link(board).together(TOGETHER, 1)
    assert len(board.runs) == 1


def test_a_line_that_damages_everything_is_given_up():
    board = FakeBoard(to_board=lambda n, data: flip(data, 6))
    with pytest.raises(AnswerLost):
        Link(board).request(load(0), 1)


def test_refusals_are_told():
    with pytest.raises(LinkError, match="does not know this request"):
        Link(FakeBoard()).request(Request(FrameType.ACK, b"", FrameType.ACK), 1)


def test_another_answer_than_expected_is_told():
    with pytest.raises(LinkError, match="frame of type 0x81"):
        Link(FakeBoard()).request(Request(FrameType.HELLO, b"", FrameType.ACK), 1)


def test_an_unplugged_board_is_told_at_once():
    board = FakeBoard()
    link = Link(board)
    link.request(HELLO, 1)
    board.unplugged = True
    with pytest.raises(LinkError, match="unplugged"):
        link.request(HELLO, 1)


def test_closing_closes_the_transport():
    board = FakeBoard()
    Link(board).close()
    assert board.closed
