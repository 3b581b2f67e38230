"""The data paths of a language model's accelerator, and what it sends of a run."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sterna.law.arithmetic import EXPONENT_BITS, MANTISSA_BITS, RESULT_SCALAR
from sterna.machine.emulator.memory import LoadedMemory
from sterna.machine.emulator.path import Path, Trace
from sterna.machine.emulator.plan import Plan, Planner
from sterna.machine.emulator.ports import Words32, port_words
from sterna.machine.machine import Machine
from sterna.machine.protocol import NO_ROW, Space, counter_words


class TokenMachine:
    """Runs entries of a program on as many data paths as the machine has."""

    def __init__(self, machine: Machine,
                 memories: Mapping[str, LoadedMemory]) -> None:
        self._machine, self._memories = machine, memories
        noise = np.random.default_rng(1)  # memory is not zero after power up
        limit, shape = machine.vector.word_limit, (machine.vector.depth,
                                                  machine.vector.lanes)
        self._paths = [Path(noise.integers(-limit, limit, shape, np.int64))
                       for _ in range(machine.streams)]
        self._traces: list[list[Trace]] = [[] for _ in self._paths]
        self.loaded(Space.PROGRAM)

    def loaded(self, space: str) -> None:
        """Words of a memory have changed."""
        if space != Space.INPUT:
            self._planner: Planner | None = None
            self._plans: dict[int, Plan] = {}

    def run(self, entry: int, inputs: Mapping[int, int], chained: set[int], rows: int) -> bytes:
        """Run data paths, each from its INPUT word on; their results, lowest first."""
        plan = self._plan(entry)
        done: dict[int, Path] = {}
        for number in self._in_order(inputs, chained):
            path = self._paths[number]
            before = self._paths[number - 1]
            self._begin(path, plan, inputs[number], before.states if number in chained else None)
            for operation in plan.operations:
                operation(path)
            if path.trace is not None:
                self._traces[number].append(path.trace)
            done[number] = path
        counters = bytes(4 * counter_words(self._machine))
        return counters + b"".join(self._result(done[number], rows) for number in sorted(done))

    def collect_words(self) -> list[Words32]:
        """What the trace ports of every path showed since the last call, three ports a path."""
        ports = []
        bits, lanes = self._machine.vector.word_bits, self._machine.vector.lanes
        for traces in self._traces:
            vectors = [trace.vectors for trace in traces]
            scalars = [np.array(trace.scalars, np.int64).reshape(-1, 2) for trace in traces]
            sums = [rows for trace in traces for rows in trace.accumulators]
            ports += [
                port_words(vectors, [(lanes, bits)]),
                port_words(scalars, [(1, MANTISSA_BITS), (1, EXPONENT_BITS)]),
                port_words(sums, [(self._machine.ternary.rows,
                                   self._machine.ternary.accumulator_bits)]),
            ]
            traces.clear()
        return ports

    def _plan(self, entry: int) -> Plan:
        if entry not in self._plans:
            self._planner = self._planner or Planner(self._machine, self._memories)
            plan = self._plans[entry] = self._planner.plan(entry)
            machine = self._machine
            constants = self._memories[Space.CONSTANTS].fields(
                plan.constants, machine.vector.lanes, machine.vector.word_bits)
            plan.constant_groups = constants
        return self._plans[entry]

    def _in_order(self, inputs: Mapping[int, int], chained: set[int]) -> list[int]:
        """The paths to run; one that is chained comes behind the one before it."""
        order: list[int] = []
        for number in (number for number in sorted(inputs) if number not in chained):
            order.append(number)
            while (number := (number + 1) % len(self._paths)) in chained and number in inputs:
                order.append(number)
        return order

    def _begin(self, path: Path, plan: Plan, word: int, handed: NDArray[np.int64] | None) -> None:
        machine = self._machine
        lanes = machine.vector.lanes
        path.constants = plan.constant_groups
        if plan.inputs:
            memory = self._memories[Space.INPUT]
            path.inputs = memory.fields(word + plan.inputs, lanes, machine.vector.word_bits, word)
        path.accumulators = np.zeros((plan.accumulators, lanes), np.int64)
        path.states = np.zeros((plan.states, lanes), np.int64)
        path.handed, path.codes, path.head = handed, [], []
        path.trace = None
        if machine.trace:
            path.trace = Trace(np.zeros((plan.vectors, lanes), np.int64))

    def _result(self, path: Path, rows: int) -> bytes:
        values = np.concatenate([np.zeros(0, np.int64), *path.head])[:rows]
        best = best_rows(values, self._machine.head.top_k)
        pairs = np.zeros((self._machine.head.top_k, 2), np.int64)
        pairs[:, 1] = NO_ROW
        pairs[:len(best), 0], pairs[:len(best), 1] = values[best], best
        mantissa, exponent = path.registers[RESULT_SCALAR]
        return struct.pack("<Ii", mantissa, exponent) + (
            pairs & 0xFFFF_FFFF).astype("<u4").tobytes()


def best_rows(values: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Places of the largest values, the best first; of equal values the earlier is better."""
    candidates = np.arange(len(values))
    if len(values) > count:
        least = np.partition(values, len(values) - count)[len(values) - count]
        candidates = np.flatnonzero(values >= least)
    return candidates[np.argsort(-values[candidates], kind="stable")][:count]
