"""Estimate of the cycles of a token: the plan run against a coarse clock model of the units.

Sequencer, vector unit, engine and head are followed instruction by instruction with their
documented rates and latencies; weights and constants are assumed to be there in time.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import ceil, log2

from sterna.compiler.plan import (
    BlockLoop,
    MatmulStep,
    Node,
    Plan,
    ScalarStep,
    SectionPlan,
    VectorStep,
)
from sterna.machine.machine import Machine
from sterna.machine.sequencer import INSTRUCTION_CLOCKS
from sterna.machine.units.head import CANDIDATES
from sterna.machine.units.scalar import CONSTANT_CLOCKS, SCALAR_CLOCKS, ScalarCode
from sterna.machine.units.ternary import (
    MATMUL_QUEUE,
    Destination,
    groups_per_row_group,
    groups_per_tile,
)
from sterna.machine.units.vector import (
    MultiplierSelect,
    SourceA,
    Wait,
    absmax_latency,
    squares_latency,
    vector_latency,
)

SPLIT_CLOCKS = 1
"""From a row group of accumulators to its first vector group."""
START_CLOCKS = 6
"""From RUN to the first instruction's work, and from the last result to the end of the run."""
CODE_CLOCKS = 9
"""From the issue of a code group to its tile being readable."""


@dataclass(frozen=True)
class CycleEstimate:
    """Estimated clocks of one token.

    ``accumulate`` are those in which the engine takes a weight word (exact); ``vector`` those in
    which the vector unit issues a group (exact); ``sections`` the clocks in each section.
    """

    cycles: int
    accumulate: int
    vector: int
    sections: dict[str, int]

    @property
    def utilisation(self) -> float:
        """Share of the clocks in which the engine accumulates."""
        return self.accumulate / self.cycles


@dataclass
class _Bank:
    """A vector of codes: clock in which its first tile is readable, clocks a tile, last clock."""

    first: int
    per_tile: int
    complete: int


class _Model:
    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        tables = machine.ternary.lane == "tables"
        lanes = ceil(log2(machine.ternary.columns // 3)) + 6 if tables else ceil(
            log2(machine.ternary.columns)) + 4
        self.engine_latency = lanes + SPLIT_CLOCKS
        self.room = machine.ternary.result_depth
        self.interval = machine.vector.interval
        self.sequencer = START_CLOCKS
        self.vector_loaded = 0
        self.command_starts: deque[int] = deque([0] * MATMUL_QUEUE, MATMUL_QUEUE)
        self.commands: deque[tuple[MatmulStep, int]] = deque()
        self.block = 0
        self.engine = 0
        self.banks: deque[_Bank] = deque()
        self.released: deque[int] = deque([0, 0], 2)
        self.results: deque[int] = deque()
        self.produced = 0
        self.taken: list[int] = []
        self.last_issue = -100
        self.vector_free = 0
        self.scalar_free = 0
        self.head_free = self.inserted = 0.0
        self.head_rows = 0
        self.accumulate = self.issued = 0

    def run(self, section: SectionPlan) -> None:
        """One repetition of a section."""
        for node in section.nodes:
            self._node(node)

    def _node(self, node: Node) -> None:
        if isinstance(node, BlockLoop):
            self.sequencer += INSTRUCTION_CLOCKS
            for _ in range(node.count):
                for step in node.body:
                    self._vector(step)
        elif isinstance(node, VectorStep):
            self._vector(node)
        elif isinstance(node, ScalarStep):
            self._scalar(node)
        else:
            self._dispatch(node)

    def _dispatch(self, step: MatmulStep) -> None:
        while len(self.commands) >= MATMUL_QUEUE:
            self._accumulate_block()
        self.sequencer = max(self.sequencer + INSTRUCTION_CLOCKS, self.command_starts[0])
        self.commands.append((step, self.sequencer + 3))

    def _command(self) -> int:
        """Dispatch a vector or scalar command; clock in which the unit has it.

        One command waits in a register while the unit works on the one before.
        """
        self.sequencer = max(self.sequencer + INSTRUCTION_CLOCKS, self.vector_loaded - 1)
        self.vector_loaded = max(self.sequencer + 3, self.vector_free)
        return self.vector_loaded

    def _scalar(self, step: ScalarStep) -> None:
        start = max(self._command(), self.scalar_free)
        if step.operation is ScalarCode.ABSMAX:
            start = max(start, self.last_issue + absmax_latency(self.machine))
        elif step.operation is ScalarCode.SQUARES:
            start = max(start, self.last_issue + squares_latency(self.machine))
        elif step.operation is ScalarCode.CONSTANT:
            start += CONSTANT_CLOCKS * (self.machine.vector.scalar_groups - 1)
        self.scalar_free = start + SCALAR_CLOCKS[step.operation]
        self.vector_free = start + 1

    def _vector(self, step: VectorStep) -> None:
        start, latency = self._command(), vector_latency(self.machine)
        if step.multiplier in (MultiplierSelect.SCALAR, MultiplierSelect.SCALAR_NEGATIVE):
            start = max(start, self.scalar_free)
        if step.wait is Wait.CHAIN:
            start = max(start, self.last_issue + max(1, latency + 1 - step.length))
        elif step.wait is Wait.DRAIN:
            start = max(start, self.last_issue + latency)
        if step.codes:
            end = self._codes(step, start)
        elif step.source is SourceA.ACCUMULATORS:
            end = self._consume(step, start)
        else:
            end = start + self.interval * step.length
        self.last_issue, self.vector_free = end - self.interval, end
        self.issued += step.length

    def _codes(self, step: VectorStep, start: int) -> int:
        while len(self.banks) == 2:
            self._accumulate_block()
        start = max(start, self.released[0])
        per_tile, interval = groups_per_tile(self.machine), self.interval
        self.banks.append(_Bank(
            start + interval * (min(per_tile, step.length) - 1) + CODE_CLOCKS, interval * per_tile,
            start + interval * (step.length - 1) + CODE_CLOCKS))
        return start + interval * step.length

    def _consume(self, step: VectorStep, start: int) -> int:
        per_row_group = groups_per_row_group(self.machine)
        for _ in range(step.length // per_row_group):
            while not self.results:
                self._accumulate_block()
            start = max(start, self.results.popleft())
            self.taken.append(start)
            start += self.interval * per_row_group
        return start

    def _accumulate_block(self) -> None:
        """One block of the oldest command in the engine."""
        command, dispatched = self.commands[0]
        bank, width = self.banks[0], command.groups * len(command.matrices)
        if self.block == 0:
            self.engine = max(self.engine, dispatched)
            self.command_starts.append(self.engine)
        tiles = command.tiles
        last_ready = min(bank.first + (tiles - 1) * bank.per_tile, bank.complete)
        # Tile t starts when it is readable; ready times are a line, so its ends decide.
        fill = self.machine.ternary.tile_clocks
        fills = fill if tiles > 1 or self.block == 0 else 0
        last = max(self.engine, bank.first) + (tiles - 1) * (width + fill)
        last = max(last, last_ready) + fills
        self.block += 1
        final = self.block == command.blocks
        if command.release and final:
            last = max(last, bank.complete - width)
        for _ in range(width):
            oldest = self.produced - self.room
            if 0 <= oldest < len(self.taken):
                last = max(last, self.taken[oldest] + 1)
            self._deliver(command, last + self.engine_latency)
            last += 1
        self.engine = last
        self.accumulate += tiles * width
        if final:
            self.block = 0
            self.commands.popleft()
            if command.release:
                self.banks.popleft()
                self.released.append(self.engine)

    def _deliver(self, command: MatmulStep, arrival: int) -> None:
        """A row group leaves the engine."""
        self.produced += 1
        if command.destination is Destination.VECTOR:
            self.results.append(arrival)
        else:
            self.taken.append(int(max(self.head_free, arrival)))
            self._rank(command.rows, arrival)

    def _rank(self, rows: int, arrival: int) -> None:
        """The head takes a row group while words worth keeping find room.

        Of words in random order the n-th is among the k best so far with probability k / n and
        then moves half of them.
        """
        best, time = self.machine.head.top_k, max(self.head_free, arrival)
        for _ in range(self.machine.ternary.rows):
            self.head_rows += 1
            time += 1 / self.machine.head.head_words
            if self.head_rows <= rows:
                kept = min(best, self.head_rows)
                cost = kept / 2 + 2
                self.inserted = max(self.inserted, time) + cost * kept / self.head_rows
                time = max(time, self.inserted - CANDIDATES * cost)
        self.head_free = time

    def finish(self) -> int:
        """Work off what is queued; the clock in which the run ends."""
        while self.commands:
            self._accumulate_block()
        drained = self.last_issue + squares_latency(self.machine)
        head = ceil(max(self.head_free, self.inserted))
        return max(self.sequencer, drained, self.scalar_free, head, self.engine)


def estimate_cycles(plan: Plan, machine: Machine) -> CycleEstimate:
    """Clocks of one run of ``token``, without the link; see `CycleEstimate`."""
    model = _Model(machine)
    sections: dict[str, int] = {}
    before = 0
    for section in plan.sections:
        if section.repeat > 1:
            model.sequencer += INSTRUCTION_CLOCKS
        for _ in range(section.repeat):
            model.run(section)
        now = max(model.vector_free, model.engine)
        sections[section.name] = now - before
        before = now
    cycles = model.finish() + START_CLOCKS
    sections[plan.sections[-1].name] += cycles - before
    return CycleEstimate(cycles, model.accumulate, model.issued, sections)
