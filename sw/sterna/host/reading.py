"""Memory words as READ requests."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sterna.host.link import Request
from sterna.machine.generation import ID_BYTES, TOLD_BYTES
from sterna.machine.machine import Machine
from sterna.machine.protocol import READ_REQUEST, SESSION_WORDS, FrameType, space_number
from sterna.machine.words import Words, word_bytes

READ_BYTES = 1024
"""Of words in an answer, if a word is not longer: a damaged one costs as little as others."""
SESSION_BYTES = 4 * SESSION_WORDS


def longest_answer(machine: Machine) -> int:
    """Bytes of the longest answer to `read_requests`."""
    sizes = [word_bytes(machine, item.name) for item in machine.states]
    return max([READ_BYTES, *sizes]) + SESSION_BYTES


def longest_made(machine: Machine) -> int:
    """Bytes of the longest answer to GENERATE; 0 if the machine has none."""
    if machine.generates is None:
        return 0
    one = ID_BYTES + 4 * machine.head.result_words(machine)
    return TOLD_BYTES + max(ID_BYTES * machine.generates.window, one) + SESSION_BYTES


def read_requests(machine: Machine, space: str, words: range) -> Iterator[Request]:
    """Requests for words of a memory, in order."""
    number = space_number(machine, space)
    most = max(1, READ_BYTES // word_bytes(machine, space))
    for first in range(words.start, words.stop, most):
        count = min(most, words.stop - first)
        yield Request(FrameType.READ, READ_REQUEST.pack(number, first, count),
                      FrameType.READ_ANSWER)


def read_words(machine: Machine, space: str, data: bytes) -> Words:
    """The words of answers, without their sessions, as uint8 [words, bytes]."""
    return np.frombuffer(data, np.uint8).reshape(-1, word_bytes(machine, space))
