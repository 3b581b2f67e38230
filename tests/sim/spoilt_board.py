"""The emulated machine in place of a simulated board; what it shows and sends can be spoilt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sterna.compiler.trace import TraceLayout, assemble
from sterna.law.arithmetic import CODE_LIMIT
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.keys import ValueKey
from sterna.machine.protocol import FrameType, counter_words
from sterna.machine.traces import Words32, port_entries, port_words, trace_ports


@dataclass
class Shown:
    """What a RUN shows: entries of every trace port by name, and the words of units in RESULT."""

    trace: dict[str, np.ndarray]
    result: np.ndarray


Fault = Callable[[int, Shown], None]
"""Given the number of a RUN since the start, resets not counted, and what it shows, spoils that."""


class SpoiltBoard(EmulatedBoard):
    """Of one data path. Its first RUN is a reset, as are those of the same entry."""

    def __init__(self, machine: Any, fault: Fault) -> None:
        super().__init__(machine)
        self._fault, self._count = fault, 0
        self._reset: bytes | None = None
        self._words: list[Words32] = []

    def _run(self, payload: bytes) -> tuple[FrameType, bytes]:
        kind, answer = super()._run(payload)
        ports = [top.port for top in trace_ports(self.machine)]
        shown = [port_entries(port, words)
                 for port, words in zip(ports, super().collect_words(), strict=True)]
        first = 4 * counter_words(self.machine)
        self._reset = self._reset or payload[:2]
        if payload[:2] != self._reset:
            spoilt = Shown({port.name: values for port, values in zip(ports, shown, strict=True)},
                           np.frombuffer(answer[first:-8], "<i4").copy())
            self._fault(self._count, spoilt)
            self._count += 1
            shown = list(spoilt.trace.values())
            answer = answer[:first] + spoilt.result.astype("<i4").tobytes() + answer[-8:]
        self._words = [port_words(port, [values]) for port, values in zip(
            ports, shown, strict=True)]
        return kind, answer

    def collect_words(self) -> list[Words32]:
        """What the trace ports showed since the last call."""
        words, self._words = self._words, [
            np.zeros(0, np.uint32) for _ in trace_ports(self.machine)]
        return words


def replace_board(monkeypatch: Any, fault: Fault) -> None:
    """Let the verification simulate a `SpoiltBoard`."""
    monkeypatch.setattr("sterna_sim.verification.SimulatedBoard",
                        lambda machine, **options: SpoiltBoard(machine, fault))


def places(layout: TraceLayout) -> Mapping[ValueKey, np.ndarray]:
    """Where the elements of each value are among the numbers of their trace port.

    The layout sorts the numbers of places, digit by digit since those of codes are clamped.
    """
    sizes = {name: port.length * port.width for name, port in layout.ports.items()}
    found: dict[ValueKey, np.ndarray] = {}
    for digit in range(4):
        numbers = {name: np.arange(size) // CODE_LIMIT**digit % CODE_LIMIT
                   for name, size in sizes.items()}
        for key, values in assemble(layout, numbers).items():
            found[key] = found.get(key, 0) + values * CODE_LIMIT**digit
    return found
