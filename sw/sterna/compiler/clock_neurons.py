"""Clocks of synapses and neurons.

Commands are executed one after the other, each when the one before has written everything; one may
wait. Neurons on words take them as they come.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from sterna.compiler.plan import AccumulateStep, NeuronStep
from sterna.machine.machine import Machine
from sterna.machine.units.neurons import SENT_GROUPS

if TYPE_CHECKING:
    from sterna.compiler.clock import Clock

ROUND_TRIP = 4
"""Fewest clocks of an event, see `sterna_hw.spiking.synapses`."""
ACCUMULATE_CLOCKS, NEURON_CLOCKS = 16, 24
"""What a command takes beside its events or groups."""
SEND_CLOCKS, GIVE_CLOCKS = 10, 24
"""From the issue of a group of words to the neurons, and from there to what they give."""


class PopulationClock:
    """The commands of synapses and neurons.

    Attributes:
        loaded: when the last command began. free: when the units are done with all so far.
        ended: the same, with what they wrote.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.loaded = self.free = self.ended = 0
        self._taken: deque[int] = deque(maxlen=SENT_GROUPS)
        self._step: NeuronStep | None = None
        self._missing = 0

    def command(self, clock: Clock, clocks: int) -> None:
        """A command that takes so many clocks."""
        self.loaded = max(clock.instruction(self.loaded) + 3, self.free)
        self.free = self.ended = self.loaded + clocks

    def expect(self, clock: Clock, step: NeuronStep) -> None:
        """A command that takes words: it ends with the last of them."""
        self.command(clock, NEURON_CLOCKS)
        self._step = step

    def take(self, start: int, given: deque[int]) -> int:
        """A group of words is sent, not before a clock; when there is room for it."""
        assert self._step is not None
        machine = self._machine
        ratio = machine.vector.lanes // machine.neurons.lanes
        if len(self._taken) == SENT_GROUPS:
            start = max(start, self._taken[0] - SEND_CLOCKS)
        done = max(start + SEND_CLOCKS, self._taken[-1] if self._taken else 0, self.loaded) + ratio
        self._taken.append(done)
        if self._step.give:
            given.append(done + GIVE_CLOCKS)
        self.free = self.ended = max(self.free, done + NEURON_CLOCKS)
        return start


def issue_accumulate(clock: Clock, step: AccumulateStep) -> None:
    """Every source is an event: silent ones that are skipped take up to so many clocks less."""
    clock.populations.command(
        clock, ACCUMULATE_CLOCKS + step.sources * max(step.groups, ROUND_TRIP))


def issue_neurons(clock: Clock, step: NeuronStep) -> None:
    """Groups one after the other, or as words come."""
    populations = clock.populations
    if step.kind is not None and step.current:
        populations.expect(clock, step)
        return
    populations.command(clock, step.groups + (0 if step.kind is None else NEURON_CLOCKS))
    if step.give:
        machine = clock.machine
        ratio = machine.vector.lanes // machine.neurons.lanes
        clock.given["neuron"].extend(
            populations.loaded + NEURON_CLOCKS + (group + 1) * ratio
            for group in range(-(-step.groups // ratio)))
