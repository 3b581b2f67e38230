"""How long work tells what it is at; whoever asks for it decides what to show."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Told the step in words, the parts done and the parts in all."""
