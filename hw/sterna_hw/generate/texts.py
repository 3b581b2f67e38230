"""What is kept of the request of each token stream."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Signal, Value, unsigned
from amaranth.lib.data import ArrayLayout, StructLayout
from sterna.law.sampling import SHARE_BITS
from sterna.machine.generation import ID_BYTES
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space, memory_spec
from sterna.machine.units.generate import MOST_ENDS

from sterna_hw.vector.command import SCALAR

ID_BITS = 8 * ID_BYTES
POSITION_BITS = 32


def window_of(machine: Machine) -> int:
    """Ids that may be made ahead."""
    unit = machine.generates
    assert unit is not None
    return unit.window


def input_bits(machine: Machine) -> int:
    """Width of the number of an INPUT word."""
    return max(1, (memory_spec(machine, Space.INPUT).depth - 1).bit_length())


def text_layout(machine: Machine) -> StructLayout:
    """A request; positions are those of `sterna.machine.generation`.

    ``made``, ``told`` and ``granted`` say how many positions an id that is there, was sent, or may
    be made is behind ``acknowledged``, at most. ``pending``: the newest id is not read. ``left``
    are ids still to be made. ``word``: the INPUT word of what is read next. ``newer`` of the two
    slots is the newer, and ``both`` are written.
    """
    ahead = window_of(machine).bit_length()
    return StructLayout({
        "active": 1, "ended": 1, "begun": 1, "pending": 1, "number": 16,
        "given": POSITION_BITS, "acknowledged": POSITION_BITS, "read": POSITION_BITS,
        "made": ahead, "told": ahead, "granted": ahead, "left": 32,
        "word": input_bits(machine), "newer": 1, "both": 1,
        "slots": ArrayLayout(unsigned(POSITION_BITS), 2),
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
