"""The driver against a board in Python: loading, running, and bad lines."""

from __future__ import annotations

import struct

import pytest
from sterna.errors import InputError, LinkError
from sterna.host.counters import Counters
from sterna.host.info import read_info
from sterna.host.token_board import TokenBoard
from sterna.machine.protocol import (
    FAILED_READ,
    FAILED_WRITE,
    MAX_PAYLOAD,
    Space,
    space_number,
)

from tests.sw.host.fake_board import FakeBoard
from tests.sw.host.loaded_board import (
    CONFIGURATION,
    WORDS,
    board,
    contents,
    damage,
    embedding,
    image,
    loaded,
    memories,
)


def test_loading_writes_every_word_and_resets():
    fake = board()
    told = []
    device = TokenBoard(fake, "fake")
    device.load(image(), lambda *progress: told.append(progress))
    assert memories(fake.loads) == contents()
    assert max(map(len, fake.loads)) <= MAX_PAYLOAD
    assert fake.runs == [(1, 0, 10)]
    total = 4 * sum(WORDS.values())
    assert told[-1] == ("loading the board", total, total)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_a_token_gives_the_candidates_that_are_there():
    device = loaded(board())
    result = device.step(7)
    assert (result.values.tolist(), result.rows.tolist()) == ([1], [5])
    assert (result.mantissa, result.exponent) == (1 << 16, -16)
    assert result.counters == Counters(100, 90, 0, 10)


def test_rows_on_the_chip_are_named_by_their_first_word():
    fake = board()
    loaded(fake).step(7)
    assert fake.runs[-1] == (0, 21, 10)


def test_rows_of_the_host_are_loaded_before_the_run():
    fake = board()
    device = loaded(fake, "host")
    before = len(fake.loads)
    device.step(7)
    payload = _LOAD_INPUT + embedding(7).tobytes()
    assert fake.loads[before:] == [payload]
    assert fake.runs[-1] == (0, 0, 10)


_LOAD_INPUT = struct.pack("<BI", space_number(CONFIGURATION, Space.INPUT), 0)


def test_a_token_outside_the_vocabulary_is_refused():
    with pytest.raises(InputError, match="token 10 is outside"):
        loaded(board()).step(10)


def test_reset_starts_a_new_text():
    device = loaded(board())
    assert [device.step(1).values[0] for _ in range(3)] == [1, 2, 3]
    device.reset()
    assert device.step(1).values[0] == 1


def test_a_board_of_another_configuration_or_version_is_told():
    with pytest.raises(LinkError, match="configuration 0000000000000005.*sterna build fake "):
        loaded(FakeBoard(digest=5))
    with pytest.raises(LinkError, match="protocol version 9"):
        loaded(board(version=9))


def test_a_bitstream_that_holds_the_image_is_not_loaded():
    fake = board(contents=image().contents)
    device = loaded(fake)
    fake.to_host = lambda n, data: b"" if n == 3 else data
    assert [device.step(1).values[0] for _ in range(3)] == [1, 2, 3]
    assert device.recoveries == 1 and fake.loads == []


def test_a_bitstream_of_another_model_is_told():
    with pytest.raises(LinkError, match="model 0000000000000007 in it, fake is .*--program"):
        loaded(board(contents=7))


def test_damage_while_loading_writes_the_whole_image_again():
    fake = board(to_board=lambda n, data: damage(data) if n == 2 else data)
    loaded(fake)
    assert memories(fake.loads) == contents()
    # Every frame twice, the damaged one did not count the first time.
    assert len(fake.loads) == 2 * len({payload[:5] for payload in fake.loads})


@pytest.mark.parametrize("kind", ["request", "answer"])
@pytest.mark.parametrize("fault", ["damage", "loss"])
@pytest.mark.parametrize("placement", ["host", "chip"])
def test_no_token_is_computed_twice_or_lost_on_a_bad_line(kind, fault, placement):
    """The position in the text comes from the board; each of the first frames fails in turn."""
    for number in range(12):
        fake = board()
        device = loaded(fake, placement)
        sent = {"request": fake._counts[0], "answer": fake._counts[1]}[kind] + number

        def bad(n: int, data: bytes, sent: int = sent) -> bytes:
            if n != sent:
                return data
            return damage(data) if fault == "damage" else b""

        if kind == "request":
            fake.to_board = bad
        else:
            fake.to_host = bad
        assert [device.step(1).values[0] for _ in range(6)] == [1, 2, 3, 4, 5, 6]
        device.reset()
        assert device.step(1).values[0] == 1
        assert device.recoveries <= 1


@pytest.mark.parametrize("kept", ["nothing", "image"])
@pytest.mark.parametrize("placement", ["host", "chip"])
def test_a_board_that_starts_again_is_loaded_and_repeats_the_text(kept, placement, caplog):
    """Before each of the first frames in turn, those of the load too; it answers all the time."""
    contents = image().contents if kept == "image" else 0
    whole = board(contents=contents)
    texts(loaded(whole, placement))
    for number in range(whole._counts[0]):
        fake = board(contents=contents)

        def start_again(n: int, data: bytes, fake=fake, number=number) -> bytes:
            if n == number:
                fake.restart()
            return data

        fake.to_board = start_again
        caplog.clear()
        device = loaded(fake, placement)
        assert texts(device) == [1, 2, 3, 1, 2]
        # Before HELLO and BEGIN there is nothing to lose.
        assert device.recoveries == len(caplog.records) == (number >= 2)
        assert all("started again or lost its state; loading it again and repeating"
                   in record.getMessage() for record in caplog.records)
        assert len(fake.loads) == (1 + device.recoveries) * len(whole.loads) or placement == "host"
        if contents and placement == "chip":
            assert fake.loads == []


def texts(device: TokenBoard) -> list[int]:
    found = [int(device.step(1).values[0]) for _ in range(3)]
    device.reset()
    return found + [int(device.step(1).values[0]) for _ in range(2)]


def test_a_board_that_always_starts_again_is_given_up():
    fake = board()
    device = loaded(fake)
    fake.to_board = lambda n, data: fake.restart() or data
    with pytest.raises(LinkError, match="^fake: the board loses its state again and again; see "):
        device.step(1)


def test_a_run_that_is_carried_out_twice_is_noticed():
    fake = board()
    device = loaded(fake)
    assert device.step(1).values[0] == 1
    fake.session[1] += 1
    assert device.step(1).values[0] == 2 and device.recoveries == 1


def test_items_of_later_versions_are_skipped():
    fake = board()
    fake.more_items = bytes([200, 3, 1, 2, 3, 201, 0])
    assert loaded(fake).step(1).values[0] == 1


@pytest.mark.parametrize("more", [bytes([200]), bytes([200, 3, 1])])
def test_a_list_of_items_that_is_cut_is_told(more):
    fake = board()
    fake.more_items = more
    with pytest.raises(LinkError, match="^fake: says hello without an end; build the board again"):
        loaded(fake)


def test_earlier_and_incomplete_hellos_are_told():
    with pytest.raises(LinkError, match="protocol version 3, this Sterna speaks 4; build the"):
        read_info("fake", struct.pack("<HHQQ", 3, 4, 5, 0))
    with pytest.raises(LinkError, match="without ENTRIES and CONFIGURATION and CONTENTS"):
        read_info("fake", struct.pack("<BBHBBII", 1, 2, 4, 5, 8, 0, 0))


@pytest.mark.parametrize(("timeout", "waits"), [
    (None, {1.0, 2.0 + 4e-6 * sum(WORDS.values()), 5.0, 5.0 + 4e-6 * sum(WORDS.values())}),
    (7.5, {7.5, 7.5 + 4e-6 * sum(WORDS.values())}),
])
def test_how_long_the_board_may_be_silent(timeout, waits):
    asked = set()

    class Patient(FakeBoard):
        def read(self, count: int, timeout: float) -> bytes:
            asked.add(timeout)
            return super().read(count, timeout)

    device = TokenBoard(Patient(CONFIGURATION.digest()), "fake", timeout=timeout)
    device.load(image("host"))
    device.step(1)
    assert asked == waits


def test_a_line_that_is_always_bad_is_given_up():
    fake = board()
    device = loaded(fake)
    fake.to_host = lambda n, data: damage(data)
    with pytest.raises(LinkError, match="no good answer"):
        device.step(1)


@pytest.mark.parametrize("placement", ["chip", "host"])
def test_error_answers_of_a_memory_are_told_and_what_follows_is_right(placement):
    """No token with wrong weights goes out, and none is lost from the text."""
    fake = board()
    device = loaded(fake, placement)
    assert [int(device.step(token).values[0]) for token in (3, 4)] == [1, 2]
    fake.failure = FAILED_READ + 3
    during = "RUN" if placement == "chip" else "LOAD"
    with pytest.raises(LinkError, match=f"^fake: the memory behind AXI4 port 3 answered a read "
                                        f"with an error .* during {during}; see that"):
        device.step(5)
    assert device.recoveries == 0
    loads = len(fake.loads)
    assert int(device.step(5).values[0]) == 3
    assert device.recoveries == 1 and len(fake.loads) > loads
    assert int(device.step(6).values[0]) == 4
    assert device.recoveries == 1


def test_an_image_that_does_not_reach_the_memory_is_told():
    fake = board()
    fake.failure = FAILED_WRITE + 31
    with pytest.raises(LinkError, match="AXI4 port 31 answered a write with an error .* LOAD"):
        loaded(fake)
    assert int(loaded(fake).step(3).values[0]) == 1


def test_unplugging_in_the_middle_is_told():
    fake = board()
    device = loaded(fake)
    device.step(1)
    fake.unplugged = True
    with pytest.raises(LinkError, match="unplugged"):
        device.step(1)


def test_closing_closes_the_transport():
    fake = board()
    loaded(fake).close()
    assert fake.closed
