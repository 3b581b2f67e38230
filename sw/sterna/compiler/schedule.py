"""From a program to the instructions of an accelerator of a given shape.

Matrix commands follow directly behind the vector instruction that makes their codes, in the order
in which kernels consume the accumulators; the engine's queue holds them until the codes come. When
it is full, further commands follow behind the kernels that empty it.
Kernels without matmuls run one instruction after the other over whole vectors.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass

from sterna.compiler.allocation import Allocation, allocate
from sterna.compiler.blocks import Run, choose_blocks
from sterna.compiler.chains import Chain, find_chains
from sterna.compiler.flow import check_flow
from sterna.compiler.legality import check_legal
from sterna.compiler.lifetimes import Registers, assign_registers
from sterna.compiler.operands import accumulator_names
from sterna.compiler.padding import check_padding
from sterna.compiler.plan import (
    Address,
    BlockLoop,
    MatmulStep,
    Node,
    Plan,
    ScalarStep,
    SectionPlan,
    VectorStep,
)
from sterna.compiler.waits import set_waits
from sterna.machine.machine import Machine
from sterna.machine.units.scalar import ScalarCode
from sterna.machine.units.ternary import MATMUL_QUEUE, Destination, groups_per_row_group
from sterna.machine.units.vector import MultiplierSelect, SourceA, vector_latency
from sterna.program.definition import Program
from sterna.program.instructions import (
    INPUT,
    Constant,
    Element,
    Kernel,
    Lookup,
    Operation,
    Quantise,
    Scalar,
    ScalarOperation,
    Section,
    TopK,
    Unit,
    second_operand,
)

Chains = dict[tuple[str, int], list[Chain]]

_UNITS = {1: MultiplierSelect.ONE, -1: MultiplierSelect.MINUS_ONE, 0: MultiplierSelect.ZERO}


@dataclass(frozen=True)
class _Demand:
    """An item that consumes accumulators, with the blocks chosen for it."""

    item: int
    codes: str
    runs: tuple[Run, ...]


class _SectionScheduler:
    def __init__(self, program: Program, machine: Machine,
                 allocation: Allocation, registers: Registers, section: Section,
                 chains: Chains) -> None:
        self.chains = chains
        self.program, self.machine, self.section = program, machine, section
        self.allocation, self.registers = allocation, registers
        self.tables = tuple(program.tables)
        self.columns = {
            item.result: item.length for item in section.items if isinstance(item, Quantise)
        }
        self.demands = self._demands()

    def _demands(self) -> dict[int, _Demand]:
        """Consumers of accumulators by item."""
        uses = Counter(self._codes(item) for item in self.section.items)
        found: dict[int, _Demand] = {}
        waiting = 0
        for position, item in enumerate(self.section.items):
            if isinstance(item, Quantise):
                waiting += uses[item.result]
            codes = self._codes(item)
            if codes is not None:
                waiting -= 1
                found[position] = _Demand(position, codes, self._runs(item, codes, not waiting))
        return found

    @staticmethod
    def _codes(item: object) -> str | None:
        if isinstance(item, TopK):
            return item.matmul.codes
        if isinstance(item, Kernel) and item.matmuls:
            return item.matmuls[0].codes
        return None

    def _runs(self, item: object, codes: str, exposed: bool) -> tuple[Run, ...]:
        head = isinstance(item, TopK)
        assert head or isinstance(item, Kernel)
        return choose_blocks(
            self.machine, rows=item.rows if head else item.length,
            columns=self.columns[codes], matrices=1 if head else len(item.matmuls),
            body=() if head else item.body, exposed=exposed,
        )

    def nodes(self) -> list[Node]:
        """All instructions of one repetition."""
        nodes: list[Node] = []
        waiting: deque[MatmulStep] = deque()
        queued: Counter[int] = Counter()

        def dispatch(until: int) -> None:
            # More than the queue holds would block the kernels that the engine waits for.
            while waiting and (waiting[0].item <= until or queued.total() < MATMUL_QUEUE):
                queued[waiting[0].item] += 1
                nodes.append(waiting.popleft())

        for position, item in enumerate(self.section.items):
            if isinstance(item, Quantise):
                nodes.append(self._quantise(position, item))
                waiting.extend(self._matmuls(item))
            elif isinstance(item, ScalarOperation):
                nodes.append(self._scalar(position, item))
            elif isinstance(item, Kernel):
                dispatch(position)
                nodes += self._kernel(position, item)
                del queued[position]
            dispatch(position)
        return nodes

    def _quantise(self, position: int, item: Quantise) -> VectorStep:
        step = VectorStep(
            item=position, operation=0, elements=item.length, first=0,
            length=-(-item.length // self.machine.vector.lanes),
            a=self.allocation.addresses[self.section.name, item.a], codes=True,
            multiplier=MultiplierSelect.SCALAR, scalar=self.registers.scalars[item.scale],
        )
        return step

    def _matmuls(self, quantise: Quantise) -> list[MatmulStep]:
        steps: list[MatmulStep] = []
        for demand in self.demands.values():
            if demand.codes != quantise.result:
                continue
            item = self.section.items[demand.item]
            if isinstance(item, TopK):
                matmuls, order, rows = (item.matmul,), (0,), item.rows
            else:
                assert isinstance(item, Kernel)
                names = [matmul.result for matmul in item.matmuls]
                order = tuple(names.index(name) for name in accumulator_names(item))
                matmuls, rows = item.matmuls, item.length
            first = 0
            for run in demand.runs:
                steps.append(MatmulStep(
                    item=demand.item, operations=order,
                    matrices=tuple(matmuls[index].matrix for index in order),
                    rows=rows, columns=quantise.length, first=first,
                    groups=run.groups, blocks=run.blocks,
                    tiles=-(-quantise.length // self.machine.ternary.columns),
                    destination=Destination.HEAD if isinstance(item, TopK)
                    else Destination.VECTOR,
                ))
                first += run.groups * run.blocks
        steps[-1].release = True
        return steps

    def _scalar(self, position: int, item: ScalarOperation) -> ScalarStep:
        code = ScalarCode[item.operation.upper()]
        step = ScalarStep(item=position, operation=code,
                          result=self.registers.scalars[item.result])
        if code is ScalarCode.CONSTANT:
            step.constant = item.operands[0]
        elif code is ScalarCode.ABSMAX:
            step.a = self.registers.absmax[item.operands[0]]
        elif code is ScalarCode.SQUARES:
            step.a = self.registers.squares[item.operands[0]]
        else:
            operands = [self.registers.scalars[name] for name in item.operands]
            step.a, step.b = operands[0], operands[-1]
        return step

    def _kernel(self, position: int, kernel: Kernel) -> list[Node]:
        if not kernel.matmuls:
            groups = -(-kernel.length // self.machine.vector.lanes)
            return list(self._body(position, kernel, 0, groups))
        nodes: list[Node] = []
        row_group = groups_per_row_group(self.machine)
        first = 0
        for run in self.demands[position].runs:
            length = run.groups * row_group
            body = self._body(position, kernel, first, length)
            if run.blocks == 1:
                nodes += body
            else:
                nodes.append(BlockLoop(count=run.blocks, step=length, body=body))
            first += run.blocks * length
        return nodes

    def _body(self, position: int, kernel: Kernel, first: int, length: int
              ) -> tuple[VectorStep, ...]:
        steps: list[VectorStep] = []
        chains = self.chains.get((self.section.name, position), [])
        for index, operation in enumerate(kernel.body):
            for chain in chains:
                if chain.first_read == index:
                    state = self._address(chain.vector, first)
                    steps.append(VectorStep(
                        item=position, operation=None, elements=kernel.length, first=first,
                        length=length, a=state, result=state, previous=True))
            steps.append(self._operation(position, kernel, index, operation, first, length))
            steps[-1].state = any(chain.write == index for chain in chains)
        return tuple(steps)

    def _address(self, name: str, first: int) -> Address:
        """Where the groups of a vector are from ``first`` on."""
        place = self.allocation.addresses[self.section.name, name]
        return Address(place.base + first, place.layer)

    def _operation(self, position: int, kernel: Kernel, index: int, operation: Operation,
                   first: int, length: int) -> VectorStep:
        step = VectorStep(item=position, operation=index, elements=kernel.length,
                          first=first, length=length)
        if operation.a == INPUT:
            step.source = SourceA.INPUT
        elif operation.a in {matmul.result for matmul in kernel.matmuls}:
            step.source = SourceA.ACCUMULATORS
        else:
            step.a = self._address(operation.a, first)
        second = second_operand(operation)
        if second is not None:
            step.b = self._address(second, first)
        if operation.result is not None:
            step.result = self._address(operation.result, first)
        if isinstance(operation, Lookup):
            step.multiplier = MultiplierSelect.TABLE
            step.table = self.tables.index(operation.table)
        else:
            self._element(step, operation)
        return step

    def _element(self, step: VectorStep, operation: Element) -> None:
        multiplier = operation.multiplier
        step.add_b = operation.addend is not None
        step.shift = operation.shift
        if isinstance(multiplier, Constant):
            step.multiplier, step.constant = MultiplierSelect.CONSTANT, multiplier.name
        elif isinstance(multiplier, Scalar):
            step.multiplier = (
                MultiplierSelect.SCALAR_NEGATIVE if multiplier.negative
                else MultiplierSelect.SCALAR
            )
            step.scalar = self.registers.scalars[multiplier.name]
        elif isinstance(multiplier, Unit):
            step.multiplier = _UNITS[multiplier.value]
        else:
            step.multiplier = MultiplierSelect.MEMORY
        if operation.absmax is not None:
            step.absmax = self.registers.absmax[operation.absmax]
        if operation.squares is not None:
            step.squares = self.registers.squares[operation.squares]


def schedule(program: Program, machine: Machine) -> Plan:
    """The plan of a program on an accelerator; memory depths are not looked at here.

    Raises `InputError` for a program that this design cannot execute.
    """
    check_legal(program, machine)
    check_padding(program, machine)
    allocation, registers = allocate(program, machine), assign_registers(program)
    chains = find_chains(program) if machine.streams > 1 else None
    sections = []
    for section in program.sections:
        scheduler = _SectionScheduler(program, machine, allocation, registers, section,
                                      chains or {})
        plan = SectionPlan(name=section.name, repeat=section.repeat,
                           step=allocation.steps[section.name], nodes=scheduler.nodes())
        check_flow(plan, machine)
        sections.append(plan)
    result = Plan(sections=sections, persistent_groups=allocation.persistent_groups,
                  vector_groups=allocation.vector_groups, tables=tuple(program.tables),
                  chained=chains is not None)
    set_waits(result, vector_latency(machine))
    return result
