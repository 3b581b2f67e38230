"""Steps of what the vector unit, the scalar unit and the head execute.

Kernels without matmuls run one instruction after the other over whole vectors, others block by
block as their accumulators come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.compiler.plan import BlockLoop, ScalarStep, VectorStep
from sterna.compiler.schedule_neurons import schedule_ahead
from sterna.machine.units.neurons import Neurons
from sterna.machine.units.scalar import ScalarCode
from sterna.machine.units.ternary import groups_per_row_group
from sterna.machine.units.vector import MultiplierSelect, SourceA
from sterna.program.instructions import (
    INPUT,
    Constant,
    Element,
    Kernel,
    Lookup,
    Quantise,
    Scalar,
    ScalarOperation,
    TopK,
    Unit,
    second_operand,
)

if TYPE_CHECKING:
    from sterna.compiler.section import SectionScheduler

_TAKES = {"sum": ScalarCode.SQUARES}
_UNITS = {1: MultiplierSelect.ONE, -1: MultiplierSelect.MINUS_ONE, 0: MultiplierSelect.ZERO}


def schedule_quantise(scheduler: SectionScheduler, position: int, item: Quantise) -> None:
    """Codes by one instruction, and the matrices that take them."""
    scheduler.nodes.append(VectorStep(
        item=position, operation=0, elements=item.length, first=0,
        length=-(-item.length // scheduler.machine.vector.lanes),
        a=scheduler.address(item.a), codes=True,
        multiplier=MultiplierSelect.SCALAR, scalar=scheduler.registers.scalars[item.scale],
    ))
    scheduler.fill_bank(item.result)


def schedule_top_k(scheduler: SectionScheduler, position: int, item: TopK) -> None:
    """Its matrix was dispatched with the codes; words that have gains come by the vector unit."""
    if item.gain is None:
        return
    scheduler.dispatch(position)
    row_group = groups_per_row_group(scheduler.machine)
    first = 0
    for run in scheduler.runs(position):
        length = run.groups * row_group
        body = (VectorStep(
            item=position, operation=0, elements=item.rows, first=first, length=length,
            source=SourceA.ACCUMULATORS, multiplier=MultiplierSelect.CONSTANT,
            constant=item.gain, shift=item.shift, rank=True),)
        scheduler.nodes += body if run.blocks == 1 else [
            BlockLoop(count=run.blocks, step=length, body=body)]
        first += run.blocks * length
    scheduler.consumed(position)


def schedule_scalar(scheduler: SectionScheduler, position: int, item: ScalarOperation) -> None:
    """One instruction of the scalar unit."""
    registers = scheduler.registers
    code = _TAKES.get(item.operation) or ScalarCode[item.operation.upper()]
    step = ScalarStep(item=position, operation=code, result=registers.scalars[item.result])
    if code is ScalarCode.CONSTANT:
        step.constant = item.operands[0]
    elif code is ScalarCode.ABSMAX:
        step.a = registers.absmax[item.operands[0]]
    elif code is ScalarCode.SQUARES:
        signed = item.operation == "sum"
        step.a = (registers.sums if signed else registers.squares)[item.operands[0]]
        step.b = int(signed)
    else:
        operands = [registers.scalars[name] for name in item.operands]
        step.a, step.b = operands[0], operands[-1]
    scheduler.nodes.append(step)


def schedule_kernel(scheduler: SectionScheduler, position: int, kernel: Kernel) -> None:
    """Its body over all groups, or over each block of them."""
    scheduler.dispatch(position)
    schedule_ahead(scheduler, position)
    if not kernel.matmuls:
        groups = -(-kernel.length // scheduler.machine.vector.lanes)
        scheduler.nodes += _body(scheduler, position, kernel, 0, groups)
        return
    row_group = groups_per_row_group(scheduler.machine)
    first = 0
    for run in scheduler.runs(position):
        length = run.groups * row_group
        body = _body(scheduler, position, kernel, first, length)
        if run.blocks == 1:
            scheduler.nodes += body
        else:
            scheduler.nodes.append(BlockLoop(count=run.blocks, step=length, body=body))
        first += run.blocks * length
    scheduler.consumed(position)


def _body(scheduler: SectionScheduler, position: int, kernel: Kernel, first: int, length: int
          ) -> tuple[VectorStep, ...]:
    steps: list[VectorStep] = []
    chains = scheduler.chains.get((scheduler.section.name, position), [])
    for index in range(len(kernel.body)):
        for chain in chains:
            if chain.first_read == index:
                state = scheduler.address(chain.vector, first)
                steps.append(VectorStep(
                    item=position, operation=None, elements=kernel.length, first=first,
                    length=length, a=state, result=state, previous=True))
        step = _operation(scheduler, position, kernel, index, first, length)
        step.state = any(chain.write == index for chain in chains)
        steps.append(step)
    return tuple(steps)


def _operation(scheduler: SectionScheduler, position: int, kernel: Kernel, index: int,
               first: int, length: int) -> VectorStep:
    operation = kernel.body[index]
    step = VectorStep(item=position, operation=index, elements=kernel.length,
                      first=first, length=length)
    first += (kernel.first or 0) // scheduler.machine.vector.lanes
    if operation.a == INPUT:
        step.source = SourceA.INPUT
    elif operation.a in {matmul.result for matmul in kernel.matmuls}:
        step.source = SourceA.ACCUMULATORS
    else:
        step.a = scheduler.address(operation.a, first)
    second = second_operand(operation)
    if second is not None:
        step.b = scheduler.address(second, first)
    sent = next((entry for entry in scheduler.sent
                 if (entry.kernel, entry.operation) == (position, index)), None)
    if sent is not None:
        step.send, step.partner = True, Neurons.name
    if operation.result is not None and (sent is None or sent.stored):
        step.result = scheduler.address(operation.result, first)
    if isinstance(operation, Lookup):
        step.multiplier = MultiplierSelect.TABLE
        step.table = scheduler.tables.index(operation.table)
    else:
        _element(scheduler, step, operation)
    return step


def _element(scheduler: SectionScheduler, step: VectorStep, operation: Element) -> None:
    multiplier, registers = operation.multiplier, scheduler.registers
    step.add_b = operation.addend is not None
    step.shift = operation.shift
    if isinstance(multiplier, Constant):
        step.multiplier, step.constant = MultiplierSelect.CONSTANT, multiplier.name
    elif isinstance(multiplier, Scalar):
        step.multiplier = (
            MultiplierSelect.SCALAR_NEGATIVE if multiplier.negative
            else MultiplierSelect.SCALAR
        )
        step.scalar = registers.scalars[multiplier.name]
    elif isinstance(multiplier, Unit):
        step.multiplier = _UNITS[multiplier.value]
    else:
        step.multiplier = MultiplierSelect.MEMORY
    if operation.absmax is not None:
        step.absmax = registers.absmax[operation.absmax]
    if operation.squares is not None:
        step.squares = registers.squares[operation.squares]
    if operation.sum is not None:
        step.squares, step.sum = registers.sums[operation.sum], True
