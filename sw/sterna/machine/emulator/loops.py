"""Loops are walked by the sequencer; nothing of them is left to execute."""

from __future__ import annotations

from sterna.machine.emulator.unit import EmulatedUnit


class LoopsUnit(EmulatedUnit):
    """No instruction of its own."""
