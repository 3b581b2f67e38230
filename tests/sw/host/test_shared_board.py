"""Two hosts at one board: one has it, and the other is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sterna.host.session import BoardTaken
from sterna.machine.frames import FrameDecoder
from sterna.machine.protocol import FrameType

from tests.sw.host.fake_board import FakeBoard
from tests.sw.host.loaded_board import board, loaded


def test_a_board_that_another_program_has_taken_is_left_to_it():
    """Two that load a board in turn would never end."""
    fake = board()
    first, second = loaded(fake), loaded(fake)
    with pytest.raises(BoardTaken, match="^fake: another program uses the board"):
        first.step(1)
    assert [second.step(1).values[0] for _ in range(3)] == [1, 2, 3]
    # The first one's run was carried out, which the second has noticed.
    assert (first.recoveries, second.recoveries) == (0, 1)


def test_a_board_on_a_network_that_is_in_use_is_left_alone(monkeypatch):
    fake = board()
    fake.shared = True
    first = loaded(fake)  # nobody had begun a session

    def busy(seconds: float) -> None:
        first.step(1)

    monkeypatch.setattr("sterna.host.board.time.sleep", busy)
    with pytest.raises(BoardTaken):
        loaded(fake)
    assert first.step(1).values[0] == 2 and first.recoveries == 0
    monkeypatch.setattr("sterna.host.board.time.sleep", lambda seconds: None)
    assert loaded(fake).step(1).values[0] == 1  # one that has ended


class OneOfTwo:
    """A connection to a board that another host has, too, and what comes at certain frames."""

    shared = True

    def __init__(self, fake: FakeBoard, wanted: FrameType, act: Callable[[], object]) -> None:
        self._fake, self._wanted = fake, wanted
        self._act: Callable[[], object] | None = act

    def write(self, data: bytes) -> None:
        frame, = FrameDecoder().feed(data)
        if frame.type == self._wanted and self._act is not None:
            act, self._act = self._act, None
            act()
        self._fake.write(data)

    def read(self, count: int, timeout: float) -> bytes:
        return self._fake.read(count, timeout)

    def close(self) -> None:
        self._fake.close()


def begin_elsewhere(fake: FakeBoard) -> None:
    """What another host's BEGIN does."""
    fake.session = [0x1234567, 0]


def test_of_two_hosts_that_begin_together_one_has_the_board_before_a_word_is_loaded(monkeypatch):
    """The other's claim comes after this one's, while this one waits to believe it."""
    fake = board()
    monkeypatch.setattr("sterna.host.board.time.sleep", lambda seconds: begin_elsewhere(fake))
    with pytest.raises(BoardTaken):
        loaded(OneOfTwo(fake, FrameType.HELLO, lambda: None))
    assert fake.loads == []


def test_the_last_claim_stands(monkeypatch):
    fake = board()
    monkeypatch.setattr("sterna.host.board.time.sleep", lambda seconds: None)
    device = loaded(OneOfTwo(fake, FrameType.BEGIN, lambda: begin_elsewhere(fake)))
    assert device.step(1).values[0] == 1 and fake.loads


def test_a_host_that_loads_stops_when_another_has_claimed_the_board(monkeypatch):
    fake = board()
    whole = len(fake_loads_of(fake))
    monkeypatch.setattr("sterna.host.board.time.sleep", lambda seconds: None)
    monkeypatch.setattr("sterna.host.board.LOOK_SECONDS", 0)
    fake.loads.clear()
    with pytest.raises(BoardTaken):
        loaded(OneOfTwo(fake, FrameType.LOAD, lambda: begin_elsewhere(fake)))
    assert len(fake.loads) == 1 < whole


def fake_loads_of(fake: FakeBoard) -> list[bytes]:
    loaded(fake)
    return list(fake.loads)


def test_a_host_that_loads_is_seen_to(monkeypatch):
    """By a session that changes, for which one that arrives meanwhile looks."""
    fake = board()
    monkeypatch.setattr("sterna.host.board.time.sleep", lambda seconds: None)
    monkeypatch.setattr("sterna.host.board.LOOK_SECONDS", 0)
    seen: list[int] = []

    class Seen(OneOfTwo):
        def write(self, data: bytes) -> None:
            frame, = FrameDecoder().feed(data)
            if frame.type == FrameType.LOAD:
                seen.append(fake.session[0])
            self._fake.write(data)

    device = loaded(Seen(fake, FrameType.LOAD, lambda: None))
    assert len(set(seen)) == len(seen) == len(fake.loads) > 1
    assert [device.step(1).values[0] for _ in range(2)] == [1, 2] and not device.recoveries


def test_a_board_that_starts_again_while_it_is_loaded_is_loaded_again(monkeypatch):
    fake = board()
    fake.shared = True
    whole = len(fake_loads_of(fake))
    fake.loads.clear()
    monkeypatch.setattr("sterna.host.board.LOOK_SECONDS", 0)
    monkeypatch.setattr("sterna.host.board.time.sleep", lambda seconds: None)

    def start_again() -> None:
        fake.session = [0, 0]

    device = loaded(OneOfTwo(fake, FrameType.LOAD, start_again))
    assert device.step(1).values[0] == 1 and device.recoveries == 1
    assert len(fake.loads) >= 2 * whole
