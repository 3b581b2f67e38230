"""A board whose trace ports can be seen."""

from __future__ import annotations

from typing import Protocol

from sterna.host.transport import Transport
from sterna.machine.traces import Words32


class TracedBoard(Transport, Protocol):
    """A transport to a machine whose trace ports can be seen, simulated or emulated."""

    def collect_words(self) -> list[Words32]:
        """What each of its `sterna.machine.traces.trace_ports` showed since the last call."""
        ...
