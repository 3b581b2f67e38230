"""Runs a spiking network on the RTL of the whole accelerator, beside the golden.

Of every population and step the exact sums, the outputs and all state words are compared, and what
the accelerator sends back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sterna.compiler.spiking.fit import fit_spiking
from sterna.compiler.spiking.image import compile_network
from sterna.compiler.spiking.trace import network_layout
from sterna.compiler.trace import Values, assemble
from sterna.errors import CheckError
from sterna.golden.executor import GoldenExecutor
from sterna.host.counters import Counters
from sterna.host.step_board import StepBoard
from sterna.machine.keys import ValueKey
from sterna.machine.machine import Machine
from sterna.machine.traces import shown_of
from sterna.program.definition import Program
from sterna.progress import Progress

from sterna_sim.board import SimulatedBoard
from sterna_sim.traces import TracedBoard

Integers = NDArray[np.int64]

RESULT = "result"
"""What the accelerator sends at the end of a step."""


@dataclass
class SpikingOutcome:
    """What was compared; ``first`` names the first difference."""

    values: int = 0
    differences: int = 0
    first: str | None = None
    counters: list[Counters] = field(default_factory=list)
    loud: dict[str, int] = field(default_factory=dict)
    """Outputs other than 0 of the golden, by population: where there are none, little is shown."""

    def compare(self, step: int, place: str, what: str, golden: Integers, found: Integers) -> None:
        """Count the elements that differ, and those that only one of the two has."""
        self.values += golden.size
        common, longest = sorted((golden.size, found.size))
        wrong = np.flatnonzero(found[:common] != golden[:common])
        self.differences += len(wrong) + longest - common
        if self.first is None and (len(wrong) or longest > common):
            neuron = int(wrong[0]) if len(wrong) else common
            told = [str(values[neuron]) if neuron < values.size else "missing"
                    for values in (found, golden)]
            self.first = (f"step {step}, {place}, neuron {neuron}: {what} is {told[0]}, "
                          f"golden {told[1]}")


class SpikingVerifier:
    """A simulated accelerator with trace ports beside the golden executor.

    `board` is of the machine with trace ports, instead of a simulation that is built.
    Errors are those of `compile_network` and `SimulatedBoard`; `step` raises `CheckError` when the
    trace ports show more or fewer values than the network has.
    """

    def __init__(
        self,
        program: Program,
        machine: Machine | None = None,
        *,
        skip: bool = True,
        stall_permille: int = 0,
        seed: int = 0,
        progress: Progress | None = None,
        board: TracedBoard | None = None,
    ) -> None:
        machine = machine or fit_spiking(program)
        self._layout = network_layout(program, machine)
        self._machine = machine.having(trace=True)
        self._golden = GoldenExecutor(program)
        self._board = board or SimulatedBoard(
            self._machine, progress=progress, seed=seed, stall_permille=stall_permille)
        self._device = StepBoard(self._board, "sim")
        self._device.load(compile_network(program, machine, skip=skip), progress)
        self.outcome = SpikingOutcome()
        self._steps = 0

    def reset(self) -> None:
        """Both start again."""
        self._device.reset()
        self._golden.reset()
        self._board.collect_words()

    def step(self, codes: Integers) -> None:
        """One time step with input codes [inputs] on both, and the comparison."""
        golden: dict[ValueKey, tuple[str, Integers]] = {}
        outputs = self._golden.run(
            codes[None], lambda key, name, value: golden.update({key: (name, value)}))
        result = self._device.step(codes)
        found = self._traced()
        for key, (name, values) in golden.items():
            population, kind = name.rsplit(".", 1)
            if kind == "output":
                self.outcome.loud[population] = (
                    self.outcome.loud.get(population, 0) + int(np.count_nonzero(values)))
            self.outcome.compare(self._steps, population, kind, values,
                                 found.get(key, np.zeros(0, np.int64)))
        for values in outputs.values():
            self.outcome.compare(self._steps, RESULT, "output", values[0], result.outputs)
        self.outcome.counters.append(result.counters)
        self._steps += 1

    def close(self) -> None:
        """Free the simulation."""
        self._device.close()

    def _traced(self) -> Values:
        """What the trace ports showed of each value in this step."""
        try:
            return assemble(
                self._layout, shown_of(self._machine, self._board.collect_words(), 0))
        except CheckError as error:
            raise CheckError(f"step {self._steps}: {error}") from error
