"""What is kept of the request of each token stream."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Signal, Value
from amaranth.lib.data import ArrayLayout, StructLayout
from sterna.law.sampling import SHARE_BITS
from sterna.machine.generation import ID_BYTES
from sterna.machine.machine import Machine
from sterna.machine.units.generate import MOST_ENDS, input_bits

from sterna_hw.vector.command import SCALAR

ID_BITS = 8 * ID_BYTES
POSITION_BITS = 32


def window_of(machine: Machine) -> int:
    """Ids that may be made ahead."""
    unit = machine.generates
    assert unit is not None
    return unit.window


def text_layout(machine: Machine) -> StructLayout:
    """What the loop knows of a request: so many ``more`` ids may be made, and they are the
    ``last``, or it has ``ended``; ``end`` is the position behind the newest, which is ``pending``
    if it is not read. ``word``: the INPUT word of what is read next.
    """
    return StructLayout({
        "active": 1, "ended": 1, "pending": 1, "last": 1, "more": window_of(machine).bit_length(),
        "end": POSITION_BITS, "word": input_bits(machine),
    })


def choice_layout(machine: Machine) -> StructLayout:
    """How ids are chosen, as `sterna.law.sampling` names it; ``count`` is 1 or more."""
    return StructLayout({
        "sharpness": SCALAR, "count": machine.head.top_k.bit_length(), "share": SHARE_BITS + 1,
        "seed": 64, "text": 32, "candidates": 1, "ends": MOST_ENDS.bit_length(),
    })


class Texts:
    """The registers, in the module that makes texts.

    Attributes:
        texts, choices: of each stream. entry, row_words, rows: those of the image, of all streams.
    """

    def __init__(self, machine: Machine) -> None:
        self.streams = machine.streams
        self.stream_bits = max(1, (machine.streams - 1).bit_length())
        self.texts = Signal(ArrayLayout(text_layout(machine), self.streams), name="texts")
        self.choices = Signal(ArrayLayout(choice_layout(machine), self.streams), name="choices",
                              reset_less=True)
        self.entry = Signal(16, name="entry", reset_less=True)
        self.row_words = Signal(input_bits(machine), name="row_words", reset_less=True)
        self.rows = Signal(32, name="rows", reset_less=True)

    def text(self, stream: Value) -> Any:
        """The request of a stream."""
        return self.texts[stream] if self.streams > 1 else self.texts[0]

    def choice(self, stream: Value) -> Any:
        """How it chooses."""
        return self.choices[stream] if self.streams > 1 else self.choices[0]

    def number(self, stream: Value) -> Value:
        """The stream as the upper part of an address; nothing if there is one."""
        return stream if self.streams > 1 else Const(0, 0)
