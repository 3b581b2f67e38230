"""Frames: round trips, noise between frames, damage inside them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sterna.machine.frames import OVERHEAD, Frame, FrameDecoder, crc, encode_frame
from sterna.machine.protocol import START

frames = st.builds(
    Frame, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=200)
)


def test_crc_is_ibm_3740():
    # The check value that the catalogue of CRC algorithms gives for this polynomial.
    assert crc(b"123456789") == 0x29B1


def test_bytes_of_a_frame():
    data = encode_frame(Frame(1, 7, b"\x10\x20"))
    assert data[:7] == bytes([START, 1, 7, 2, 0, 0x10, 0x20])
    assert int.from_bytes(data[7:], "little") == crc(data[1:7])
    assert len(data) == OVERHEAD + 2


def test_a_payload_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="65536 bytes"):
        encode_frame(Frame(1, 0, bytes(65536)))


@given(st.lists(frames, max_size=5), st.integers(1, 17))
def test_frames_survive_being_cut_into_pieces(sent, size):
    data = b"".join(map(encode_frame, sent))
    decoder = FrameDecoder()
    received = []
    for position in range(0, len(data), size):
        received += decoder.feed(data[position : position + size])
    assert received == sent
    assert decoder.damaged == 0


@given(st.lists(frames, min_size=1, max_size=4), st.binary(max_size=30))
def test_bytes_before_a_start_are_skipped(sent, noise):
    noise = bytes(byte for byte in noise if byte != START)
    decoder = FrameDecoder()
    received = decoder.feed(b"".join(noise + encode_frame(frame) for frame in sent))
    assert received == sent


@given(frames, frames, st.data())
def test_a_damaged_frame_is_dropped_and_the_next_one_found(first, second, data):
    damaged = bytearray(encode_frame(first))
    place = data.draw(st.integers(0, len(damaged) - 1))
    damaged[place] ^= data.draw(st.integers(1, 255))
    decoder = FrameDecoder(longest=1024)
    received = decoder.feed(bytes(damaged) + encode_frame(second))
    while decoder.missing() != OVERHEAD:
        received += decoder.give_up()
    assert received[-1] == second
    assert first not in received[:-1]


@given(frames)
def test_missing_never_asks_for_more_than_the_frame_has(frame):
    data = encode_frame(frame)
    decoder = FrameDecoder()
    position = 0
    received = []
    while not received:
        step = decoder.missing()
        assert 0 < step <= len(data) - position
        received = decoder.feed(data[position : position + step])
        position += step
    assert received == [frame] and position == len(data)


def test_a_frame_above_the_longest_does_not_swallow_what_follows():
    decoder = FrameDecoder(longest=16)
    good = Frame(2, 3, b"abc")
    assert decoder.feed(encode_frame(Frame(1, 1, bytes(17))) + encode_frame(good)) == [good]
