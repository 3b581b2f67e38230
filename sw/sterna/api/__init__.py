"""What a user of Python has: functions that make requests of tasks and give back their results."""

from __future__ import annotations

from sterna.api.boards import Boards, boards
from sterna.api.tasks import build, estimate, load, verify

__all__ = ["Boards", "boards", "build", "estimate", "load", "verify"]
