"""Compares a machine with the golden executor, value by value, whatever units it has."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import Embedding
from sterna.compiler.kinds import Widths, result_places
from sterna.compiler.schedule import schedule
from sterna.compiler.trace import assemble, trace_layout
from sterna.errors import CheckError
from sterna.golden.executor import GoldenExecutor
from sterna.host.counters import Counters
from sterna.host.device import StreamStep
from sterna.machine.keys import ValueKey
from sterna.machine.machine import Machine
from sterna.machine.traces import Words32, shown_of
from sterna.machine.units.neurons import Neurons
from sterna.program.definition import Program
from sterna.progress import Progress

from sterna_sim.board import MemoryBehaviour, SimulatedBoard
from sterna_sim.comparison import Verification
from sterna_sim.feeds import feed_of
from sterna_sim.results import check_results, result_values
from sterna_sim.traces import TracedBoard
from sterna_sim.wave_files import WaveFormat
from sterna_sim.waves import clock_of

JOINING, GOING_ON = 0.7, 0.8
"""Chances of a text to join while others run, and of one that is there to go on."""
RESULT = "result"
"""Section that stands for what the board sends at the end of a RUN."""
_NOTHING = np.zeros(0, np.int64)


@dataclass
class _Text:
    """A text on its way: what is left of it, and the golden that reads the same.

    ``before`` are the items of all texts with a lower number.
    """

    number: int
    golden: GoldenExecutor
    left: Sequence[Any]
    before: int
    position: int = 0

    def advance(self) -> None:
        self.left = self.left[1:]
        self.position += 1


class Verifier:
    """A board with trace ports beside a golden executor, both with the same program.

    Everything that the golden computes by name (words, codes, scalars, accumulators; sums, outputs
    and states of populations) is compared with what the trace ports showed, and what the board
    sends with the golden's results. `embedding` and `skip` are for the compiler.

    `memory` is the behaviour of a memory outside; `over_link` says that its contents are loaded
    over the link, as a board's are, and not put there by the simulator. `board` is of the
    machine with trace ports, instead of a simulation that is built; with `waves` that
    simulation can write such files.

    Errors are those of the compiler and `SimulatedBoard`.
    """

    def __init__(
        self,
        program: Program,
        machine: Machine,
        embedding: Embedding = "auto",
        *,
        skip: bool = True,
        stall_permille: int = 0,
        seed: int = 0,
        progress: Progress | None = None,
        memory: MemoryBehaviour | None = None,
        over_link: bool = False,
        board: TracedBoard | None = None,
        waves: WaveFormat | None = None,
    ) -> None:
        check_results(machine)
        plan = schedule(program, machine, skip=skip)
        image = compile_program(program, machine, embedding, plan)
        self._layout = trace_layout(plan, machine)
        top_k = image.machine.head.top_k if program.rows else 0
        self._golden = GoldenExecutor(program, top_k=top_k)
        self._random = random.Random(seed)
        self._machine = machine
        self._feed = feed_of(program)
        self._places = result_places(program, Widths.of(machine)) if machine.has(
            Neurons.name) else {}
        loaders = None
        self.simulated: SimulatedBoard | None = None
        """The simulation, if it can write waves."""
        if board is None:
            board = simulated = SimulatedBoard(
                machine.having(trace=True), progress=progress, seed=seed,
                stall_permille=stall_permille, memory=memory, waves=waves,
            )
            self.simulated = None if waves is None else simulated
            if machine.reads_outside and not over_link:
                loaders = simulated.loaders()
        self._board = board
        self._device = self._feed.opened(board, loaders)
        self._device.load(image, progress)

    def verify(
        self, texts: Iterable[Sequence[Any]], told: Callable[[int], None] | None = None
    ) -> Verification:
        """Run texts (lists of token ids, or of codes), each from a reset; `told` hears items done.

        Where the hardware has several token streams, texts join and leave at random, and a random
        part of those that are there go on together, by a token or by as many as a run can read.
        """
        outcome = Verification()
        waiting: deque[_Text] = deque()
        before = 0
        for number, text in enumerate(texts):
            waiting.append(_Text(number, self._golden.beside(), text, before))
            before += len(text)
        running: dict[int, _Text] = {}
        device, image = self._device, self._device.image
        device.reset()
        device.leave(0)
        self._board.collect_words()
        while waiting or running:
            while waiting and len(running) < device.streams and (
                    not running or self._random.random() < JOINING):
                running[device.join()] = waiting.popleft()
                self._board.collect_words()
            chosen = [stream for stream in running if self._random.random() < GOING_ON]
            chosen = chosen or [self._random.choice(list(running))]
            steps = device.run({
                stream: [self._feed.item(image, item)
                         for item in left[:self._random.choice((1, len(left)))]]
                for stream in chosen for left in (running[stream].left,)
            })
            words = self._board.collect_words()
            for stream, step in steps.items():
                self._compare(outcome, running[stream], step, words)
                if not len(running[stream].left):
                    device.leave(stream)
                    del running[stream]
            outcome.runs.append(Counters.of(device.result.counters))
            if told is not None:
                told(outcome.tokens)
        if self.simulated is not None:
            outcome.end = self.simulated.cycles
        return outcome

    def close(self) -> None:
        """Free the simulation."""
        self._device.close()

    def _compare(self, outcome: Verification, text: _Text, step: StreamStep[Any],
                 words: list[Words32]) -> None:
        """The items of a step in every value, and what the board sent of them."""
        for place in step.places:
            expected: dict[ValueKey, tuple[str, NDArray[np.int64]]] = {}

            def observe(key: ValueKey, name: str, value: NDArray[np.int64],
                        expected: dict = expected) -> None:
                expected[key] = (name, np.asarray(value, np.int64).reshape(-1))

            golden = self._feed.step(text.golden, text.left[0], observe)
            try:
                found = assemble(self._layout, shown_of(self._machine, words, place))
            except CheckError as error:
                raise CheckError(
                    f"{self._device.entry} {text.before + text.position}: {error}") from error
            if unknown := found.keys() - expected.keys():
                raise CheckError(
                    f"the board computed {min(unknown)}, which the program does not have")
            values = [(key, name, value, found.get(key, _NOTHING))
                      for key, (name, value) in expected.items()]
            values += [(ValueKey(RESULT, 0, item, 0), *sent) for item, sent in enumerate(
                result_values(self._device.result, place, golden, self._places))]
            for key, name, value, shown in values:
                known = outcome.first_difference
                outcome.compare(text.number, text.position, key, name, value, shown)
                if known is None and outcome.first_difference is not None and self.simulated:
                    outcome.clock = clock_of(self._layout, self.simulated, place, key,
                                             outcome.first_difference.element)
            text.advance()
            outcome.tokens += 1
