"""The untimed machine in place of a simulated board; what it shows can be spoilt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sterna.compiler.trace import TraceLayout, assemble
from sterna.host.device import StepResult, StreamStep
from sterna.law.arithmetic import CODE_LIMIT
from sterna.machine.keys import ValueKey

from tests.sw.compiler.machine import Machine

PORTS = ("vector", "scalar", "accumulators")


@dataclass
class Shown:
    """What a token shows: its trace by port, and its result."""

    trace: dict[str, np.ndarray]
    result: StepResult


Fault = Callable[[int, Shown], None]
"""Given the number of a token since the start and what it shows, spoils that."""


def no_fault(token: int, shown: Shown) -> None:
    """All is well."""


class MachineBoard:
    """Stands for the simulated board and for the device behind its link; one token stream.

    Tokens are computed once: `known` keeps what a text shows after each of its tokens.
    """

    streams = 1
    known: dict[tuple[object, ...], Shown] = {}

    def __init__(self, configuration: Any, fault: Fault) -> None:
        self._configuration, self._fault = configuration, fault
        self._count = 0
        self._traces: dict[str, np.ndarray] = {}

    def loaders(self) -> dict[object, object]:
        """None."""
        return {}

    def load(self, image: Any, progress: Any) -> None:
        """Make a machine of the image."""
        self._image = image
        self._text: list[int] = []
        self._machine: Machine | None = None

    def reset(self) -> None:
        """Begin a text."""
        self._text, self._machine = [], None

    def join(self) -> int:
        """Begin a text."""
        self.reset()
        return 0

    def leave(self, stream: int) -> None:
        """Nothing is kept of a text."""

    def run(self, tokens: dict[int, list[int]]) -> dict[int, StreamStep]:
        """One token, spoilt by the fault."""
        self._text.append(tokens[0][0])
        key = (self._image.contents, *self._text)
        if key not in self.known:
            self.known[key] = self._compute()
        clean = self.known[key]
        shown = Shown({port: values.copy() for port, values in clean.trace.items()},
                      replace(clean.result, values=clean.result.values.copy(),
                              rows=clean.result.rows.copy()))
        self._fault(self._count, shown)
        self._count += 1
        self._traces = shown.trace
        return {0: StreamStep((0,), shown.result)}

    def _compute(self) -> Shown:
        if self._machine is None:
            self._machine = Machine(self._image)
            self._machine.run("reset")
            for token in self._text[:-1]:
                self._token(token)
        run = self._token(self._text[-1])
        values, rows = (np.array(column, np.int64) for column in zip(*run.top, strict=True))
        trace = {port: np.array(run.shown[port], np.int64) for port in PORTS}
        return Shown(trace, StepResult(values, rows, *run.scale))

    def _token(self, token: int) -> Any:
        assert self._machine is not None
        if self._image.placement == "host":
            self._machine.load_row(self._image.embedding(token))
        return self._machine.run("token", self._image.input_word(token))

    def collect_words(self) -> dict[str, np.ndarray]:
        """What the trace ports showed since the last call."""
        traces, self._traces = self._traces, {}
        return traces

    def close(self) -> None:
        """Nothing to free."""


def replace_device(monkeypatch: Any, fault: Fault) -> None:
    """Let `sterna_sim.verification` simulate, and talk to, a `MachineBoard`."""
    monkeypatch.setattr("sterna_sim.verification.SimulatedBoard",
                        lambda configuration, **options: MachineBoard(configuration, fault))
    monkeypatch.setattr("sterna_sim.verification.shown_of",
                        lambda configuration, ports, stream: ports)
    monkeypatch.setattr("sterna_sim.verification.TokenBoard",
                        lambda board, name, loaders=None: board)


def places(layout: TraceLayout) -> dict[ValueKey, np.ndarray]:
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
