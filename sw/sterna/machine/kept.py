"""What a program keeps from RUN to RUN: where a machine has it, and its words as integers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.machine.strips import Strips, from_strips, strip_words, to_strips
from sterna.machine.words import Words, word_bytes

Integers = NDArray[np.int64]
Span = tuple[int, Words]
"""A first word, and the words from it on, uint8 [words, bytes] in LOAD form."""


@dataclass(frozen=True)
class KeptValue:
    """A value that is kept, named as the golden names it (`sterna.golden.state.State`).

    Element ``e`` is a number of ``bits`` bits in word ``first + e // lanes`` of the memory
    ``space``, from bit ``e % lanes * stride + bit`` on. Of codes those of ``runs`` RUNs are kept,
    the newest lowest: one more has its number behind that one. Matrices lie in ``strips``.
    ``space`` is that of the first data path.
    """

    name: str
    space: str
    first: int
    elements: int
    lanes: int
    stride: int
    bits: int
    bit: int = 0
    runs: int = 0
    signed: bool = True
    strips: Strips | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the integers: [elements], or [runs, elements]."""
        return (self.runs, self.elements) if self.runs else (self.elements,)

    @property
    def words(self) -> int:
        """Words that hold it, and padding."""
        if self.strips is not None:
            return strip_words(self.strips, self.lanes)
        return -(-self.elements // self.lanes)

    def check(self, value: Integers) -> None:
        """Raise `InputError` for integers of another shape, or that it cannot hold."""
        if value.shape != self.shape:
            raise InputError(f"the state of {self.name} is {list(value.shape)}, not "
                             f"{list(self.shape)}")
        low, high = (-1 << self.bits - 1, 1 << self.bits - 1) if self.signed else (
            0, 1 << self.bits)
        if value.size and not low <= int(value.min()) <= int(value.max()) < high:
            raise InputError(f"the state of {self.name} is beyond {self.bits} bits")


def spans(kept: Iterable[KeptValue]) -> dict[str, range]:
    """The words of each memory that hold what is kept."""
    found: dict[str, range] = {}
    for item in kept:
        before = found.get(item.space, range(item.first, item.first))
        found[item.space] = range(min(before.start, item.first),
                                  max(before.stop, item.first + item.words))
    return found


def unpack_kept(kept: Iterable[KeptValue], words: Mapping[str, Span]) -> dict[str, Integers]:
    """The integers by name, from the words that `spans` names."""
    bits = {space: (first, np.unpackbits(data, axis=1, bitorder="little"))
            for space, (first, data) in words.items()}
    found = {}
    for item in kept:
        first, spread = bits[item.space]
        place = _fields(item, spread[item.first - first:][:item.words])
        values = (place.astype(np.int64) << np.arange(item.bits)).sum(-1)
        if item.signed:
            values -= values >> item.bits - 1 << item.bits
        rows = values.reshape(item.words * item.lanes, -1)
        if item.strips is not None:
            rows = from_strips(rows[None], item.strips, item.lanes)[0]
        rows = rows[:item.elements]
        found[item.name] = rows.T.reshape(item.shape).copy()
    return found


def pack_kept(machine: Machine, kept: Iterable[KeptValue], values: Mapping[str, Integers]
              ) -> dict[str, Span]:
    """Words for all that `spans` names; padding is 0.

    Raises `InputError` when the values are not those that are kept, naming one.
    """
    items = {item.name: item for item in kept}
    for name in sorted(items.keys() ^ values.keys()):
        raise InputError(f"the state of {name} is {'missing' if name in items else 'not kept'}")
    found = {}
    for space, span in spans(items.values()).items():
        size = word_bytes(machine, space)
        found[space] = span.start, np.zeros((len(span), 8 * size), np.uint8)
    for item in items.values():
        value = np.asarray(values[item.name], np.int64)
        item.check(value)
        first, spread = found[item.space]
        rows = value.reshape(-1, item.elements).T
        if item.strips is not None:
            rows = to_strips(rows[None], item.strips, item.lanes)[0]
        padded = np.pad(rows, ((0, item.words * item.lanes - len(rows)), (0, 0)))
        place = _fields(item, spread[item.first - first:][:item.words])
        place[:] = padded.reshape(*place.shape[:-1], 1) >> np.arange(item.bits) & 1
    return {space: (first, np.packbits(spread, axis=1, bitorder="little"))
            for space, (first, spread) in found.items()}


def _fields(item: KeptValue, spread: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A view of the bits of a value's words, of which there is a byte each: [words, lanes, runs,
    bits]."""
    runs = max(1, item.runs)
    assert item.bit + runs * item.bits <= item.stride
    return np.lib.stride_tricks.as_strided(
        spread[:, item.bit:], (len(spread), item.lanes, runs, item.bits),
        (spread.strides[0], item.stride, item.bits, 1))
