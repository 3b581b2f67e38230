"""Clocks of synapses and neurons.

Commands are executed one after the other, each when the one before has written everything, and what
it gave to the vector unit is taken; one may wait. Neurons on words take them as they come.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from sterna.compiler.plan import AccumulateStep, NeuronStep
from sterna.law.neuron import NeuronDefinition
from sterna.machine.machine import Machine
from sterna.machine.units.neurons import SENT_GROUPS
from sterna.machine.units.vector import vector_latency

if TYPE_CHECKING:
    from sterna.compiler.clock import Clock

ROUND_TRIP = 4
"""Fewest clocks of an event, see `sterna_hw.spiking.synapses`."""
ACCUMULATE_CLOCKS, NEURON_CLOCKS = 15, 2
"""What a command takes beside its events, and beside its groups and the latency of an engine."""
HEAD_CLOCKS, EVENT_CLOCKS, WALK_CLOCKS = 9, 5, 2
"""What a window takes before its first event, the fewest clocks of an event of it, and what any
command takes where there may be windows."""
GIVE_CLOCKS = 3
"""From the code of a neuron to the word that the vector unit can take."""


def engine_latency(definition: NeuronDefinition) -> int:
    """About the clocks from a sum to its code: most flags add none, counting up to many does."""
    return 9 + (2 + definition.max_count if definition.max_count > 1 else 0)


class PopulationClock:
    """The commands of synapses and neurons.

    Attributes:
        free: when the units are done with all so far. ended: the same, for the end of a RUN.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.free = self._loaded = 0
        self._taken: deque[int] = deque(maxlen=SENT_GROUPS)
        self._step: NeuronStep | None = None

    @property
    def ended(self) -> int:
        """When what was given is taken, too."""
        return self.free

    def command(self, clock: Clock, unit: str, clocks: int) -> None:
        """A command of a unit that takes so many clocks."""
        self._loaded = max(clock.instruction(self._loaded) + 3, self.free)
        self.free = self._loaded + clocks
        clock.works(unit, self._loaded, self.free)

    def expect(self, clock: Clock, step: NeuronStep) -> None:
        """A command that takes words: it ends with the last of them."""
        self.command(clock, "neurons", 0)
        self._step = step

    def take(self, clock: Clock, start: int, given: deque[int]) -> int:
        """A group of words is sent, not before a clock; when there is room for it."""
        assert self._step is not None and self._step.kind is not None
        machine = self._machine
        ratio = machine.vector.lanes // machine.neurons.lanes
        if len(self._taken) == SENT_GROUPS:
            start = max(start, self._taken[0] - vector_latency(machine))
        arrival = start + vector_latency(machine)
        done = max(arrival, self._taken[-1] if self._taken else 0, self._loaded) + ratio
        self._taken.append(done)
        clock.works("neurons", done - ratio, done)
        latency = engine_latency(machine.neurons.kinds[self._step.kind].definition)
        if self._step.give:
            given.append(done + latency + GIVE_CLOCKS)
        self.free = max(self.free, done + latency + NEURON_CLOCKS)
        return start


def issue_accumulate(clock: Clock, step: AccumulateStep) -> None:
    """Every source is an event: silent ones that are skipped take up to so many clocks less."""
    if step.placed is None:
        events = (step.sources - 1) * max(step.groups, ROUND_TRIP) + step.groups
    else:
        events = HEAD_CLOCKS + step.placed.clocks(ROUND_TRIP, EVENT_CLOCKS)
    if clock.machine.synapses.window_depth:
        events += WALK_CLOCKS
    clock.populations.command(clock, "synapses", ACCUMULATE_CLOCKS + events)


def issue_neurons(clock: Clock, step: NeuronStep) -> None:
    """Groups one after the other, or as words come."""
    populations = clock.populations
    if step.kind is None:
        populations.command(clock, "neurons", step.groups)
        return
    if step.current:
        populations.expect(clock, step)
        return
    machine = clock.machine
    latency = engine_latency(machine.neurons.kinds[step.kind].definition)
    populations.command(clock, "neurons", NEURON_CLOCKS + latency + step.groups)
    if step.give:
        ratio = machine.vector.lanes // machine.neurons.lanes
        first = populations.free - step.groups + GIVE_CLOCKS
        clock.given[machine.neurons.name].extend(
            min(first + (group + 1) * ratio, populations.free + GIVE_CLOCKS)
            for group in range(-(-step.groups // ratio)))
