"""Proof that a section cannot stall for ever: an untimed run with the queues' capacities.

Sequencer, vector unit and engine are deterministic and meet only in queues, so whether they get
stuck does not depend on timing. The smallest capacities are assumed: one vector instruction
beside the one that runs, codes that the engine sees only when a bank is complete.
"""

from __future__ import annotations

from collections import deque

from sterna.compiler.plan import MatmulStep, SectionPlan, Step, VectorStep
from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.machine.units.ternary import CODE_BANKS, MATMUL_QUEUE, Destination, groups_per_row_group
from sterna.machine.units.vector import SourceA


class _Flow:
    def __init__(self, section: SectionPlan, machine: Machine) -> None:
        self.steps: deque[Step] = deque(step for step, _ in section.walk())
        self.per_row_group = groups_per_row_group(machine)
        self.capacity = machine.ternary.result_depth
        self.commands: deque[MatmulStep] = deque()
        self.blocks_left = 0
        self.vector: VectorStep | None = None
        self.needed = 0
        self.results = 0
        self.banks = 0

    def dispatch(self) -> bool:
        """The sequencer: hand over the next instruction if there is room."""
        if not self.steps:
            return False
        step = self.steps[0]
        if isinstance(step, VectorStep):
            if self.vector is not None or (step.codes and self.banks == CODE_BANKS):
                return False
            self.vector, self.needed = step, 0
            if step.source is SourceA.ACCUMULATORS:
                self.needed = step.length // self.per_row_group
        elif isinstance(step, MatmulStep):
            if len(self.commands) == MATMUL_QUEUE:
                return False
            self.commands.append(step)
        self.steps.popleft()
        return True

    def vectors(self) -> bool:
        """The vector unit: take the accumulators that are there, or end the instruction."""
        if self.vector is None:
            return False
        taken = min(self.needed, self.results)
        self.needed -= taken
        self.results -= taken
        if self.needed:
            return taken > 0
        self.banks += self.vector.codes
        self.vector = None
        return True

    def engine(self) -> bool:
        """The engine: accumulate one block if its codes and room for its results are there."""
        if not self.commands or not self.banks:
            return False
        command = self.commands[0]
        width = command.groups * len(command.matrices)
        if command.destination is Destination.VECTOR:
            if self.results + width > self.capacity:
                return False
            self.results += width
        self.blocks_left = (self.blocks_left or command.blocks) - 1
        if not self.blocks_left:
            self.banks -= command.release
            self.commands.popleft()
        return True


def check_flow(section: SectionPlan, machine: Machine) -> None:
    """Raise `InputError` if a repetition of the section would block or leave anything behind."""
    flow = _Flow(section, machine)
    while flow.dispatch() or flow.vectors() or flow.engine():
        pass
    if flow.steps or flow.vector or flow.commands:
        stuck = flow.vector or (flow.steps[0] if flow.steps else flow.commands[0])
        raise InputError(
            f"section {section.name}: execution would block at item {stuck.item}; both code banks "
            "or the result queue are full: move quantises behind the kernels that use older codes"
        )
    if flow.results or flow.banks:
        raise InputError(
            f"section {section.name}: leaves codes or accumulators behind that no item uses"
        )
