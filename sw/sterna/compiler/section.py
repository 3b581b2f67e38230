"""The steps of one repetition of a section, operation by operation.

Matrix commands follow directly behind the instruction that makes their codes, in the order in which
kernels consume the accumulators; the engine's queue holds them until the codes come. When it is
full, further commands follow behind the kernels that empty it.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass

from sterna.compiler.allocation import Allocation
from sterna.compiler.blocks import Run, choose_blocks
from sterna.compiler.chains import Chain
from sterna.compiler.lifetimes import Registers
from sterna.compiler.operands import accumulator_names, codes_taken
from sterna.compiler.plan import Address, MatmulStep, Node
from sterna.compiler.registry import unit_of
from sterna.compiler.schedule_neurons import input_step
from sterna.compiler.sending import Sent
from sterna.machine.machine import Machine
from sterna.machine.units.ternary import MATMUL_QUEUE, Destination
from sterna.program.definition import MatrixFormat, Program
from sterna.program.instructions import Kernel, Matmul, Section, TopK
from sterna.program.items import Item

Chains = dict[tuple[str, int], list[Chain]]


@dataclass(frozen=True)
class _Demand:
    """An item that consumes accumulators, with the blocks chosen for it."""

    item: int
    codes: str
    runs: tuple[Run, ...]


class SectionScheduler:
    """Takes the steps of the operations of a section, in order.

    Attributes:
        program, machine, section: what is scheduled.
        allocation, registers: where vectors and scalars are.
        chains: see `sterna.compiler.chains`. sent: see `sterna.compiler.sending`.
        skip: whether synapses leave silent sources out.
        nodes: steps so far.
    """

    def __init__(self, program: Program, machine: Machine, allocation: Allocation,
                 registers: Registers, section: Section, *, chains: Chains,
                 sent: tuple[Sent, ...], skip: bool) -> None:
        self.program, self.machine, self.section = program, machine, section
        self.allocation, self.registers = allocation, registers
        self.chains, self.sent, self.skip = chains, sent, skip
        self.tables = tuple(program.tables)
        self.nodes: list[Node] = []
        self._waiting: deque[MatmulStep] = deque()
        self._queued: Counter[int] = Counter()
        self._demands = self._all_demands()

    def run(self) -> list[Node]:
        """All instructions of one repetition."""
        if self.program.takes_codes and self.section is self.program.sections[0]:
            self.nodes.append(input_step(self))
        for position, item in enumerate(self.section.items):
            found = unit_of(item)
            assert found is not None
            found[1].schedule(self, position, item)
            self.dispatch(position)
        return self.nodes

    def dispatch(self, until: int) -> None:
        """Hand on matrix commands: those for items up to a position, others if there is room."""
        # More than the queue holds would block the kernels that the engine waits for.
        while self._waiting and (self._waiting[0].item <= until
                                 or self._queued.total() < MATMUL_QUEUE):
            self._queued[self._waiting[0].item] += 1
            self.nodes.append(self._waiting.popleft())

    def consumed(self, position: int) -> None:
        """The accumulators for an item are used up."""
        del self._queued[position]

    def fill_bank(self, codes: str) -> None:
        """The last step made codes: the matrix commands that take them follow."""
        self._waiting.extend(self._matmuls(codes))

    def runs(self, position: int) -> tuple[Run, ...]:
        """The blocks of an item with matmuls."""
        return self._demands[position].runs

    def address(self, name: str, first: int = 0) -> Address:
        """Where the groups of a vector are from ``first`` on."""
        place = self.allocation.addresses[self.section.name, name]
        return Address(place.base + first, place.layer)

    def _all_demands(self) -> dict[int, _Demand]:
        """Consumers of accumulators by item."""
        uses = Counter(name for item in self.section.items for name in codes_taken(item))
        found: dict[int, _Demand] = {}
        waiting = 0
        for position, item in enumerate(self.section.items):
            waiting += sum(uses[name] for name in item.codes_written())
            for codes in codes_taken(item):
                waiting -= 1
                found[position] = _Demand(position, codes, self._runs(item, not waiting))
        return found

    def _runs(self, item: Item, exposed: bool) -> tuple[Run, ...]:
        matmuls, rows = _matmuls_of(item)
        return choose_blocks(
            self.machine, rows=rows, columns=self._format(matmuls[0]).columns,
            planes=self._format(matmuls[0]).planes,
            matrices=len(matmuls), body=item.body if isinstance(item, Kernel | TopK) else (),
            exposed=exposed)

    def _format(self, matmul: Matmul) -> MatrixFormat:
        return self.program.matrix(self.section.name, matmul.matrix)

    def _matmuls(self, codes: str) -> list[MatmulStep]:
        steps: list[MatmulStep] = []
        for demand in self._demands.values():
            if demand.codes != codes:
                continue
            item = self.section.items[demand.item]
            matmuls, rows = _matmuls_of(item)
            order = (0,)
            if isinstance(item, Kernel):
                names = [matmul.result for matmul in matmuls]
                order = tuple(names.index(name) for name in accumulator_names(item))
            columns, planes = self._format(matmuls[0]).columns, self._format(matmuls[0]).planes
            first = 0
            for run in demand.runs:
                steps.append(MatmulStep(
                    item=demand.item, operations=order,
                    matrices=tuple(matmuls[index].matrix for index in order),
                    rows=rows, columns=columns, first=first,
                    groups=run.groups, blocks=run.blocks,
                    tiles=-(-columns // self.machine.ternary.columns),
                    planes=planes, shift=matmuls[0].shift,
                    destination=Destination.HEAD if isinstance(item, TopK) and not item.body
                    else Destination.VECTOR,
                ))
                first += run.groups * run.blocks
        steps[-1].release = True
        return steps


def _matmuls_of(item: Item) -> tuple[tuple[Matmul, ...], int]:
    """The matmuls of an item that takes codes, and its rows."""
    if isinstance(item, TopK):
        return (item.matmul,), item.rows
    assert isinstance(item, Kernel)
    return item.matmuls, item.length
