"""What the parts of the link tell each other about a frame."""

from __future__ import annotations

from amaranth.hdl import unsigned
from amaranth.lib import enum
from amaranth.lib.data import StructLayout

FRAME_HEADER = StructLayout({"type": unsigned(8), "sequence": unsigned(8)})
"""What a frame is: its `sterna.program.protocol.FrameType` and the host's number for it."""

ANSWER_HEADER = StructLayout({
    "type": unsigned(8),
    "sequence": unsigned(8),
    "length": unsigned(16),
})
"""The fields between START and payload of a frame to send; ``length`` of the payload in bytes."""

LAST_BYTE = StructLayout({"byte": unsigned(8), "last": unsigned(1)})
"""A payload byte, and whether it is the last of its frame."""

RUN_REQUEST = StructLayout({
    "entry": unsigned(16),
    "input_word": unsigned(32),
    "row_limit": unsigned(32),
})
"""The payload of a RUN frame: first instruction, first input word, rows that count for top-k."""


class FrameOutcome(enum.Enum, shape=2):
    """How the reception of a frame ended."""

    GOOD = 0
    CORRUPT = 1
    """The check at the end differs."""
    ABANDONED = 2
    """The bytes stopped coming in the middle."""
