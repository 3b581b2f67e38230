"""Proof that a section cannot stall for ever: an untimed run with the queues' capacities.

The units are deterministic and meet only in queues, so whether they get stuck does not depend on
timing. The smallest capacities are assumed: one vector instruction beside the one that runs, codes
that the engine sees only when a bank is complete.
"""

from __future__ import annotations

from collections import deque

from sterna.compiler.flow_matrix import run_state
from sterna.compiler.plan import (
    MatmulStep,
    NeuronStep,
    SectionPlan,
    StateStep,
    Step,
    VectorStep,
)
from sterna.compiler.registry import rules_of
from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.machine.units.matrix import MatrixStates
from sterna.machine.units.neurons import SENT_GROUPS, Neurons
from sterna.machine.units.ternary import Destination, groups_per_row_group
from sterna.machine.units.vector import SourceA


class Flow:
    """What is in the queues of a machine that runs a section.

    Attributes:
        commands, blocks_left, groups_left: of the ternary engine, the oldest first; blocks of that,
            row groups of the block that is under way.
        vector, needed: the vector instruction that runs, and row groups that it still waits for.
        results, banks: row groups and codes that wait.
        populations: commands of neurons, the oldest first, of which one runs.
        states: commands of matrix states, the same.
        sent, given: groups of words on their way to and from each partner of the vector unit.
    """

    def __init__(self, section: SectionPlan, machine: Machine) -> None:
        self.machine = machine
        self.steps: deque[Step] = deque(step for step, _ in section.walk())
        self.commands: deque[MatmulStep] = deque()
        self.blocks_left = self.groups_left = 0
        self.vector: VectorStep | None = None
        self.needed = 0
        self.results = 0
        self.banks = 0
        self.populations: deque[NeuronStep] = deque()
        self.states: deque[StateStep] = deque()
        self.sent = dict.fromkeys(machine.partners, 0)
        self.given = dict.fromkeys(machine.partners, 0)

    def dispatch(self) -> bool:
        """The sequencer: hand over the next instruction if there is room."""
        if not self.steps or not rules_of(self.steps[0]).accept(self, self.steps[0]):
            return False
        self.steps.popleft()
        return True

    def vectors(self) -> bool:
        """The vector unit: take what is there of accumulators or words, or end the instruction."""
        step = self.vector
        if step is None:
            return False
        if step.source is SourceA.UNIT:
            taken = min(self.needed, self.given[step.partner])
            self.given[step.partner] -= taken
        else:
            taken = min(self.needed, self.results)
            self.results -= taken
        self.needed -= taken
        if self.needed or (step.send and not self._room(step)):
            return taken > 0
        if step.send:
            self.sent[step.partner] += step.length
        self.banks += step.codes
        self.vector = None
        return True

    def _room(self, step: VectorStep) -> bool:
        """Whether the words of a step can all leave: the partner takes them, or some wait."""
        room = SENT_GROUPS
        if step.partner == Neurons.name and self.populations and self.populations[0].current:
            room += self.vector_groups(self.populations[0])
        if step.partner == MatrixStates.name and self.states:
            room += self.states[0].takes
        return self.sent[step.partner] + step.length <= room

    def engine(self) -> bool:
        """The engine: of one block, if its codes are there, as much as has room for its results."""
        if not self.commands or not self.banks:
            return False
        command = self.commands[0]
        if command.destination is Destination.VECTOR:
            self.groups_left = self.groups_left or command.groups * len(command.matrices)
            given = min(self.groups_left, self.machine.ternary.result_depth - self.results)
            self.results += given
            self.groups_left -= given
            if self.groups_left:
                return given > 0
        self.blocks_left = (self.blocks_left or command.blocks) - 1
        if not self.blocks_left:
            self.banks -= command.release
            self.commands.popleft()
        return True

    def neurons(self) -> bool:
        """The neurons: one command, when its words are there and those given before are taken."""
        if not self.populations:
            return False
        step, name = self.populations[0], Neurons.name
        groups = self.vector_groups(step) if step.current or step.give else 0
        if self.given.get(name) or (step.current and self.sent[name] < groups):
            return False
        if step.give:
            if groups > self.machine.neurons.given_depth:
                return False
            self.given[name] += groups
        if step.current:
            self.sent[name] -= groups
        self.populations.popleft()
        return True

    def vector_groups(self, step: NeuronStep) -> int:
        """Groups of the vector unit in those of a command of neurons."""
        return -(-step.groups * self.machine.neurons.lanes // self.machine.vector.lanes)

    def row_groups(self, step: VectorStep) -> int:
        """Row groups of accumulators that a step takes."""
        return step.length // groups_per_row_group(self.machine)


def check_flow(section: SectionPlan, machine: Machine) -> None:
    """Raise `InputError` if a repetition of the section would block or leave anything behind."""
    flow = Flow(section, machine)
    while (flow.dispatch() or flow.vectors() or flow.engine() or flow.neurons()
           or run_state(flow)):
        pass
    waiting = [*flow.steps, *flow.commands, *flow.populations, *flow.states]
    if flow.vector or waiting:
        stuck = flow.vector or waiting[0]
        raise InputError(
            f"section {section.name}: execution would block at item {stuck.item}; both code banks "
            "or the result queue are full: move quantises behind the kernels that use older codes"
        )
    if flow.results or flow.banks or any(flow.sent.values()) or any(flow.given.values()):
        raise InputError(
            f"section {section.name}: leaves codes or accumulators behind that no item uses"
        )
