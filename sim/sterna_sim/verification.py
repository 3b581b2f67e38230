"""Compares the generated Verilog with the golden executor, value by value."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import Embedding
from sterna.compiler.schedule import schedule
from sterna.compiler.trace import TraceLayout, assemble, trace_layout
from sterna.errors import CheckError
from sterna.golden.executor import GoldenExecutor
from sterna.host.counters import Counters
from sterna.host.device import StreamStep
from sterna.host.token_board import TokenBoard
from sterna.machine.keys import ValueKey
from sterna.machine.machine import Machine
from sterna.machine.traces import Words32, shown_of
from sterna.program.definition import Program
from sterna.progress import Progress

from sterna_sim.board import MemoryBehaviour, SimulatedBoard
from sterna_sim.traces import TracedBoard

JOINING, GOING_ON = 0.7, 0.8
"""Chances of a text to join while others run, and of one that is there to go on."""
RESULT = "result"
"""Section that stands for what the board sends at the end of a token."""


@dataclass(frozen=True)
class Difference:
    """The first element that differs: where it is, and what the two machines say.

    `token` is the position in the text, `text` the number of the text. Values are None where one
    machine has no such element.
    """

    text: int
    token: int
    section: str
    repetition: int
    item: int
    operation: int
    name: str
    element: int
    golden: int | None
    simulated: int | None

    def __str__(self) -> str:
        place = f"{self.section}[{self.repetition}] item {self.item} operation {self.operation}"
        return (
            f"text {self.text}, token {self.token}: {place}, {self.name}[{self.element}] is "
            f"{self.simulated}, golden {self.golden}"
        )


@dataclass
class Verification:
    """Outcome: how many vectors (also scalars, accumulators, results) were compared and differ."""

    tokens: int = 0
    vectors_compared: int = 0
    differences: int = 0
    first_difference: Difference | None = None
    counters: Counters = Counters()

    def compare(self, text: _Text, key: ValueKey, name: str, golden: NDArray[np.int64],
                simulated: NDArray[np.int64]) -> None:
        """Count a value of the text's current token, and keep the first difference."""
        self.vectors_compared += 1
        element = _first_difference(golden, simulated)
        if element is None:
            return
        self.differences += 1
        if self.first_difference is None:
            self.first_difference = Difference(
                text.number, text.position, key.section, key.repetition, key.item, key.operation,
                name, element, _at(golden, element), _at(simulated, element),
            )


@dataclass
class _Text:
    """A text on its way: what is left of it, and the golden that reads the same."""

    number: int
    golden: GoldenExecutor
    left: list[int]
    position: int = 0

    def advance(self) -> None:
        self.left = self.left[1:]
        self.position += 1


class Verifier:
    """A simulated board with trace ports beside a golden executor, both with the same program.

    `memory` is the behaviour of a memory outside; `over_link` says that its contents are loaded
    over the link, as a board's are, and not put there by the simulator. `board` is of the
    configuration with trace ports, instead of a simulation that is built.

    Errors are those of `compile_program` and `SimulatedBoard`.
    """

    def __init__(
        self,
        program: Program,
        configuration: Machine,
        embedding: Embedding = "auto",
        *,
        stall_permille: int = 0,
        seed: int = 0,
        progress: Progress | None = None,
        memory: MemoryBehaviour | None = None,
        over_link: bool = False,
        board: TracedBoard | None = None,
    ) -> None:
        plan = schedule(program, configuration)
        image = compile_program(program, configuration, embedding, plan)
        self._layout: TraceLayout = trace_layout(plan, configuration)
        self._golden = GoldenExecutor(program, top_k=configuration.head.top_k)
        self._random = random.Random(seed)
        self._configuration = configuration
        loaders = None
        if board is None:
            board = simulated = SimulatedBoard(
                configuration.having(trace=True), progress=progress, seed=seed,
                stall_permille=stall_permille, memory=memory,
            )
            if configuration.memory.outside and not over_link:
                loaders = simulated.loaders()
        self._board = board
        self._device = TokenBoard(board, "sim", loaders)
        self._device.load(image, progress)

    def verify(
        self, texts: Iterable[list[int]], told: Callable[[int], None] | None = None
    ) -> Verification:
        """Run texts (lists of token ids), each from a reset; `told` hears the tokens done.

        Where the hardware has several token streams, texts join and leave at random, and a random
        part of those that are there go on together, by a token or by as many as a run can read.
        """
        outcome = Verification()
        counters = []
        waiting = deque(enumerate(texts))
        running: dict[int, _Text] = {}
        self._device.reset()
        self._device.leave(0)
        self._traces()
        while waiting or running:
            while waiting and len(running) < self._device.streams and (
                    not running or self._random.random() < JOINING):
                number, tokens = waiting.popleft()
                running[self._device.join()] = _Text(number, self._golden.beside(), tokens)
                self._traces()
            chosen = [stream for stream in running if self._random.random() < GOING_ON]
            chosen = chosen or [self._random.choice(list(running))]
            steps = self._device.run({
                stream: left[:self._random.choice((1, len(left)))] for stream in chosen
                for left in (running[stream].left,)
            })
            traces = self._traces()
            for stream, step in steps.items():
                self._compare(outcome, running[stream], step, traces)
                if not running[stream].left:
                    self._device.leave(stream)
                    del running[stream]
            counters.append(steps[chosen[0]].result.counters)
            if told is not None:
                told(outcome.tokens)
        outcome.counters = Counters.total(counters)
        return outcome

    def _traces(self) -> list[Words32]:
        """What the trace ports showed since the last call."""
        return self._board.collect_words()

    def close(self) -> None:
        """Free the simulation."""
        self._device.close()

    def _compare(self, outcome: Verification, text: _Text, step: StreamStep,
                 traces: list[Words32]) -> None:
        """The tokens of a step in every value, and what the board sent of the last of them."""
        for place in step.places:
            expected: dict[ValueKey, tuple[str, NDArray[np.int64]]] = {}

            def observe(key: ValueKey, name: str, value: NDArray[np.int64],
                        expected: dict = expected) -> None:
                expected[key] = (name, np.asarray(value, np.int64).reshape(-1))

            best = text.golden.step(text.left[0], observe=observe)
            found = assemble(self._layout, shown_of(self._configuration, traces, place))
            if unknown := found.keys() - expected.keys():
                raise CheckError(
                    f"the board computed {min(unknown)}, which the program does not have")
            nothing = np.zeros(0, np.int64)
            for key, (name, golden) in expected.items():
                outcome.compare(text, key, name, golden, found.get(key, nothing))
            if place == step.places[-1]:
                result = step.result
                scale = [best.mantissa, best.exponent], [result.mantissa, result.exponent]
                for item, (name, golden, simulated) in enumerate((
                    ("scale", *scale),
                    ("logits", best.accumulators, result.values),
                    ("tokens", best.rows, result.rows),
                )):
                    outcome.compare(text, ValueKey(RESULT, 0, item, 0), name, np.array(golden),
                                    np.array(simulated))
            text.advance()
            outcome.tokens += 1


def _first_difference(golden: NDArray, simulated: NDArray) -> int | None:
    if np.array_equal(golden, simulated):
        return None
    common = min(len(golden), len(simulated))
    different = np.flatnonzero(golden[:common] != simulated[:common])
    return int(different[0]) if len(different) else common


def _at(values: NDArray, element: int) -> int | None:
    return int(values[element]) if element < len(values) else None
