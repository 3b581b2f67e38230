"""A coarse clock model of a machine's units, which a plan moves on instruction by instruction.

Sequencer and units are followed with their documented rates and latencies; weights and constants
are assumed to be there in time.
"""

from __future__ import annotations

from collections import deque
from functools import partial

from sterna.compiler.clock_matrix import MatrixClock
from sterna.compiler.clock_neurons import PopulationClock
from sterna.compiler.clock_ternary import EngineClock
from sterna.compiler.plan import BlockLoop, Node, SectionPlan
from sterna.compiler.registry import rules_of
from sterna.machine.machine import Machine
from sterna.machine.sequencer import INSTRUCTION_CLOCKS, START_CLOCKS
from sterna.machine.units.vector import squares_latency


class Clock:
    """Where the units of a machine are in time.

    Attributes:
        sequencer: clock in which the last instruction was handed on.
        engine: the ternary engine with its queues, and the head. populations: synapses and neurons.
        matrix: matrix states.
        vector_loaded, vector_free, last_issue, last_absmax: the vector unit: when it got its last
            command, when it can begin the next, when it issued its last group, and the last one of
            which the largest magnitude is wanted.
        scalar_free, scalar_read: when the scalar unit can begin, and when a group can issue that
            reads its result.
        issued: groups that the vector unit has issued.
        given: by partner of the vector unit the clocks in which groups of its words are there.
        busy: where somebody wants it, the clocks in which each unit works.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.sequencer = START_CLOCKS
        self.engine = EngineClock(machine)
        self.populations = PopulationClock(machine)
        self.matrix = MatrixClock(machine)
        self.vector_loaded = 0
        self.vector_free = 0
        self.last_issue = self.last_absmax = -100
        self.scalar_free = self.scalar_read = 0
        self.issued = 0
        self.given: dict[str, deque[int]] = {name: deque() for name in machine.partners}
        self.busy: dict[str, list[tuple[int, int]]] | None = None

    def watch(self) -> dict[str, list[tuple[int, int]]]:
        """Where the clocks in which each unit works are kept from now on; that takes its time."""
        self.busy = {}
        self.engine.works = partial(self.works, "ternary")
        return self.busy

    def run(self, section: SectionPlan) -> None:
        """One repetition of a section."""
        for node in section.nodes:
            self._node(node)

    def instruction(self, earliest: int = 0) -> int:
        """The sequencer hands on an instruction, not before a clock; the clock when it does."""
        self.sequencer = max(self.sequencer + INSTRUCTION_CLOCKS, earliest)
        return self.sequencer

    def works(self, unit: str, first: int, end: int) -> None:
        """A unit works from a clock on, up to another."""
        if self.busy is not None:
            self.busy.setdefault(unit, []).append((first, end))

    @property
    def now(self) -> int:
        """When all is done that was begun, but for what is on its way through pipelines."""
        return max(self.vector_free, self.engine.free, self.populations.free, self.matrix.free)

    def finish(self) -> int:
        """Work off what is queued; the clock in which the run ends."""
        self.engine.finish()
        drained = self.last_issue
        if self.machine.has_words:
            drained += squares_latency(self.machine)
        return max(self.sequencer, drained, self.scalar_free, self.engine.ended,
                   self.populations.ended, self.matrix.free)

    def _node(self, node: Node) -> None:
        if isinstance(node, BlockLoop):
            self.instruction()
            for _ in range(node.count):
                for step in node.body:
                    rules_of(step).issue(self, step)
        else:
            rules_of(node).issue(self, node)
