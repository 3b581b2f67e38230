"""A clock model of texts that take turns on one data path, all of them running.

Sequencer and units are followed as in `sterna.compiler.clock`, but clock by clock, since what a
text does depends on when the others leave it the engine, the pipeline or the scalar unit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

from sterna.compiler.clock_ternary import Bank, EngineClock
from sterna.compiler.plan import BlockLoop, MatmulStep, Plan, ScalarStep, Step, VectorStep
from sterna.machine.machine import Machine
from sterna.machine.sequencer import INSTRUCTION_CLOCKS, START_CLOCKS
from sterna.machine.units.scalar import SCALAR_CLOCKS, ScalarCode
from sterna.machine.units.ternary import (
    CODE_BANKS,
    COMMANDS_AHEAD,
    MATMUL_QUEUE,
    groups_per_row_group,
    groups_per_tile,
    result_room,
)
from sterna.machine.units.vector import (
    MultiplierSelect,
    SourceA,
    Wait,
    absmax_latency,
    code_registers,
    squares_latency,
    vector_latency,
)

DISPATCH_CLOCKS = 3
"""From an instruction to the unit that has it."""
OFFER_CLOCKS = 2
"""That a constant scalar is on offer before it is taken."""
SAME_TEXT_CLOCKS = 1
"""Between two blocks of a text that no other one fills."""
RELEASE_CLOCKS = 1
"""Until a bank that tables were written from is known to be free, and others are begun."""


@dataclass
class _Text:
    """What a text has of its own: commands that wait, and when it can go on.

    ``group`` is the next one of the command ``step``, which may begin at ``start``.
    """

    engine: EngineClock
    commands: deque[tuple[Step, int]] = field(default_factory=deque)
    matmuls: deque[tuple[MatmulStep, int]] = field(default_factory=deque)
    step: Step = None
    group: int = 0
    start: int = 0
    free: int = 0
    last_issue: int = -100
    last_absmax: int = -100
    scalar_read: int = 0
    banks: int = 0
    released: deque[int] = field(default_factory=deque)
    leaves: bool = False


class TextsClock:
    """Runs a plan for every text at once.

    Attributes:
        issued: groups that the vector unit has issued. accumulate: weight words.
        ends: by section the clock in which its last instruction was handed on.
    """

    def __init__(self, plan: Plan, machine: Machine) -> None:
        self.machine = machine
        self.texts = [_Text(EngineClock(machine)) for _ in range(machine.texts)]
        self.engine_free = self.scalar_free = START_CLOCKS
        self.engine_text = 0
        self._shown: _Text | None = None
        """Whose constant is on offer to the scalar unit."""
        self._holder: _Text | None = None
        """Whose scalar the lanes multiply by."""
        self._sets, self._set_written = self.texts[0].engine.sets, 0
        self.issued = self.accumulate = self.now = 0
        self.ends: dict[str, int] = {}
        self._steps = _instructions(plan)
        self._next: tuple[str, Step] | None = next(self._steps, None)
        self._sequencer = START_CLOCKS + INSTRUCTION_CLOCKS

    def run(self) -> int:
        """The clock in which the run ends."""
        while self._next or any(text.commands or text.step or text.matmuls
                                for text in self.texts):
            times = [self._dispatch(), self._engine(), self._vector()]
            later = min(times)
            if later == inf:
                raise AssertionError("the texts wait for each other for ever")
            self.now = max(self.now + 1, int(later))
        drained = max(text.last_issue for text in self.texts) + squares_latency(self.machine)
        return max(self._sequencer, self.engine_free, drained, self.scalar_free,
                   *(text.engine.ended for text in self.texts))

    def _dispatch(self) -> float:
        """The sequencer hands on an instruction to all texts; when it can hand on the next."""
        if self._next is None:
            return inf
        if self.now < self._sequencer:
            return self._sequencer
        section, step = self._next
        matmul = isinstance(step, MatmulStep)
        queues = [text.matmuls if matmul else text.commands for text in self.texts]
        if step is not None and max(map(len, queues)) >= (
                2 * MATMUL_QUEUE if matmul else COMMANDS_AHEAD):
            return inf
        if step is not None:
            for queue in queues:
                queue.append((step, self.now + DISPATCH_CLOCKS))
        self.ends[section] = self.now
        self._next = next(self._steps, None)
        self._sequencer = self.now + INSTRUCTION_CLOCKS
        return self._sequencer

    def _engine(self) -> float:
        """The next block, of the text that had the last one if it can, else of the first that can.
        """
        if self.now < self.engine_free:
            return self.engine_free
        later = inf
        last = self.engine_text
        for number in sorted(range(len(self.texts)), key=lambda number: (number != last, number)):
            text = self.texts[number]
            ready = self._block_ready(text, number == last)
            if ready <= self.now:
                self.engine_text = number
                self._block(text)
                return self.engine_free
            later = min(later, ready)
        return later

    def _block_ready(self, text: _Text, again: bool) -> float:
        engine = text.engine
        if not text.matmuls or not engine.banks:
            return inf
        command, there = text.matmuls[0]
        width = command.groups * len(command.matrices)
        oldest = engine.produced + width - result_room(self.machine)
        if oldest > len(engine.taken):
            return inf
        room = engine.taken[oldest - 1] + 2 if oldest > 0 else 0
        return max(there, engine.banks[0].first, room,
                   self.engine_free + SAME_TEXT_CLOCKS * (again and text.leaves))

    def _block(self, text: _Text) -> None:
        engine, command = text.engine, text.matmuls[0][0]
        engine.free, before = self.now, engine.accumulate
        engine.sets, engine.set_written = self._sets, self._set_written
        if not engine.commands:
            engine.commands.append(text.matmuls[0])
        banks = len(engine.banks)
        engine.accumulate_block()
        self.engine_free, self._set_written = engine.free, engine.set_written
        self.accumulate += engine.accumulate - before
        if not engine.commands:
            text.matmuls.popleft()
        if len(engine.banks) < banks:
            text.released.append(engine.free)
        text.leaves = command.release and not engine.commands
        if text.leaves and self.machine.ternary.tile_clocks:
            self.engine_free += RELEASE_CLOCKS

    def _vector(self) -> float:
        """A group and a scalar operation, of the first text that can; with groups that one goes
        before which is next to that of the engine."""
        later, sent = inf, False
        for text in self.texts:
            self._ready(text)  # which has its next command
        first = (self.engine_text + 1) % len(self.texts)
        vectors = [isinstance(text.step, VectorStep) for text in self.texts]
        for number in sorted(range(len(vectors)), key=lambda number: (number != first, number)
                             if vectors[number] else (True, number)):
            text, ready = self.texts[number], self._ready(self.texts[number])
            if ready <= self.now and not (sent and vectors[number]):
                sent = sent or vectors[number]
                self._issue(text)
                ready = self.now + 1
            later = min(later, max(ready, self.now + 1))
        self._show()
        return later

    def _show(self) -> None:
        """Of those that wait for a constant the first is shown its own."""
        first = next((text for text in self.texts if _takes_constant(text.step)), None)
        if first is not None and first is not self._shown and self._shown is not None:
            first.start = max(first.start, self.now + 1 + OFFER_CLOCKS)
        self._shown = first

    def _ready(self, text: _Text) -> float:
        """When a text can go on, infinite if that depends on others."""
        if text.step is None:
            if not text.commands:
                return inf
            step, there = text.commands[0]
            if max(there, text.free) > self.now:
                return max(there, text.free)
            text.commands.popleft()
            text.step, text.group, text.start = step, 0, self._begin(text, step)
        step = text.step
        if isinstance(step, ScalarStep):
            if _takes_constant(step) and self._shown not in (None, text):
                return self.now + 1
            return max(text.start, self.scalar_free)
        start = text.start
        if step.codes and text.group == 0 and text.banks >= CODE_BANKS:
            if not text.released:
                return inf
            start = max(start, text.released[0])
            if start > self.now:
                return start
            text.released.popleft()
            text.banks -= 1
        if (step.source is SourceA.ACCUMULATORS
                and text.group % groups_per_row_group(self.machine) == 0):
            if not text.engine.results:
                return inf
            start = max(start, text.engine.results[0])
        return start

    def _begin(self, text: _Text, step: Step) -> int:
        """When the first group may issue, or the operation begin."""
        start, machine = self.now, self.machine
        if isinstance(step, ScalarStep):
            if step.operation is ScalarCode.ABSMAX:
                start = max(start, text.last_absmax + absmax_latency(machine))
            elif step.operation is ScalarCode.SQUARES:
                start = max(start, text.last_issue + squares_latency(machine))
            elif step.operation is ScalarCode.CONSTANT:
                start += OFFER_CLOCKS
            return start
        latency = vector_latency(machine)
        if step.multiplier in (MultiplierSelect.SCALAR, MultiplierSelect.SCALAR_NEGATIVE):
            start = max(start, text.scalar_read)
        if step.wait is Wait.CHAIN:
            start = max(start, text.last_issue + max(1, latency + 1 - step.length))
        elif step.wait is Wait.DRAIN:
            start = max(start, text.last_issue + latency)
        return start

    def _issue(self, text: _Text) -> None:
        """One group, or the scalar operation."""
        step, machine, now = text.step, self.machine, self.now
        text.free = now + 1
        if isinstance(step, ScalarStep):
            self.scalar_free = now + SCALAR_CLOCKS[step.operation]
            text.scalar_read = self.scalar_free - (step.operation is not ScalarCode.ABSMAX)
            text.step = None
            return
        if (step.source is SourceA.ACCUMULATORS
                and text.group % groups_per_row_group(machine) == 0):
            text.engine.results.popleft()
            text.engine.taken.append(now)
        per_tile = groups_per_tile(machine)
        if step.codes and text.group == min(per_tile, step.length) - 1:
            there = now + vector_latency(machine) + code_registers(machine)
            text.engine.banks.append(Bank(there, per_tile, there + step.length - 1 - text.group))
            text.banks += 1
        if step.multiplier is MultiplierSelect.CONSTANT and self._shown is not None:
            self._shown.start = max(self._shown.start, now + 1 + OFFER_CLOCKS)
        if (step.multiplier in (MultiplierSelect.SCALAR, MultiplierSelect.SCALAR_NEGATIVE)
                and (text.group == 0 or self._holder is not text)):
            self._holder = text
            self.scalar_free = max(self.scalar_free, now + 2)
        text.last_issue, text.group, text.start = now, text.group + 1, now + 1
        self.issued += 1
        if text.group < step.length:
            return
        if step.absmax is not None:
            text.last_absmax = now
        text.step = None


def _takes_constant(step: Step) -> bool:
    return isinstance(step, ScalarStep) and step.operation is ScalarCode.CONSTANT


def _instructions(plan: Plan) -> Iterator[tuple[str, Step]]:
    """In dynamic order with their sections; None is a loop's."""
    for section in plan.sections:
        if section.repeat > 1:
            yield section.name, None
        for _ in range(section.repeat):
            for node in section.nodes:
                if not isinstance(node, BlockLoop):
                    yield section.name, node
                    continue
                yield section.name, None
                for _ in range(node.count):
                    for step in node.body:
                        yield section.name, step
