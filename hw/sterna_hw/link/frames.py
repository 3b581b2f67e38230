"""What the parts of the link tell each other about a frame."""

from __future__ import annotations

from amaranth.hdl import unsigned
from amaranth.lib import enum
from amaranth.lib.data import StructLayout
from sterna.machine.machine import Machine
from sterna.machine.protocol import MASK_BITS

FRAME_HEADER = StructLayout({"type": unsigned(8), "sequence": unsigned(8)})
"""What a frame is: its `sterna.machine.protocol.FrameType` and the host's number for it."""

ANSWER_HEADER = StructLayout({
    "type": unsigned(8),
    "sequence": unsigned(8),
    "length": unsigned(16),
})
"""The fields between START and payload of a frame to send; ``length`` of the payload in bytes."""

LAST_BYTE = StructLayout({"byte": unsigned(8), "last": unsigned(1)})
"""A payload byte, and whether it is the last of its frame."""

def run_request(machine: Machine) -> StructLayout:
    """The payload of a RUN frame: first instruction, first input words, rows that count for top-k.

    ``input_word_<n>`` is for token stream n; with several of them ``active`` says which ones run,
    and ``chained`` which of these take the state from the one before.
    """
    streams = machine.streams
    return StructLayout({
        "entry": unsigned(16),
        **{f"input_word_{number}": unsigned(32) for number in range(streams)},
        "row_limit": unsigned(32),
        **({"active": unsigned(MASK_BITS), "chained": unsigned(MASK_BITS)} if streams > 1 else {}),
    })


class FrameOutcome(enum.Enum, shape=2):
    """How the reception of a frame ended."""

    GOOD = 0
    CORRUPT = 1
    """The check at the end differs."""
    ABANDONED = 2
    """The bytes stopped coming in the middle."""
