"""Passes over matrix states: what a machine cannot do of them, where states lie, their steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sterna.compiler.plan import StateStep, VectorStep
from sterna.machine.machine import Machine
from sterna.machine.units.matrix import Decay, MatrixStates
from sterna.machine.units.vector import SourceA
from sterna.program.definition import Program
from sterna.program.instructions import INPUT, Section
from sterna.program.matrix_state import MatrixState, StateFormat

if TYPE_CHECKING:
    from sterna.compiler.check import Check
    from sterna.compiler.section import SectionScheduler


def passes(program: Program) -> list[MatrixState]:
    """All passes over states, in order."""
    return [item for section in program.sections for item in section.items
            if isinstance(item, MatrixState)]


def state_offsets(section: Section, machine: Machine) -> Mapping[str, tuple[int, StateFormat]]:
    """Each state of a repetition: words before it, and its format."""
    found: dict[str, tuple[int, StateFormat]] = {}
    words = 0
    for item in section.items:
        if isinstance(item, MatrixState) and item.state not in found:
            found[item.state] = words, item.format
            words += _words(item.format, machine)
    return found


def section_words(section: Section, machine: Machine) -> int:
    """Words of the states of a repetition."""
    return sum(_words(shape, machine) for _, shape in state_offsets(section, machine).values())


def _words(shape: StateFormat, machine: Machine) -> int:
    return machine.matrix.words(shape.heads, shape.rows, shape.columns)


def operands(program: Program, item: MatrixState) -> list[tuple[str, int]]:
    """The vectors that a pass takes, in order, and their elements."""
    names = [] if item.decay is None else [item.decay]
    names += [name for product in item.products for name in product]
    names += [] if item.read is None else [item.read]
    return [(name, program.vectors[name].length) for name in names if name in program.vectors]


def _groups(program: Program, item: MatrixState, machine: Machine) -> tuple[int, ...]:
    """Groups of each operand that the unit may be given; 0 for those that the pass has not."""
    found = [-(-length // machine.vector.lanes) for _, length in operands(program, item)]
    decay = [found.pop(0) if item.decay is not None else 0] * machine.matrix.decay
    read = [found.pop() if item.read is not None else 0]
    missing = 2 * machine.matrix.products - len(found)
    return (*decay, *found, *([0] * missing), *read)


def check_matrix_state(check: Check, item: MatrixState) -> None:
    """It is what the unit is built for, and its operands are in the vector memory."""
    unit = check.machine.matrix
    if INPUT in item.vectors_read():
        raise check.fail("a pass over a state reads the input, which only a kernel can read; let "
                         "one write a vector of it")
    for right, what in (
        (item.decay is None or unit.decay, "a decay; set matrix_decay"),
        (len(item.products) <= unit.products,
         f"{len(item.products)} products; set matrix_products"),
        (item.by == "rows" or unit.by_columns, "reading by columns; set matrix_by_columns"),
    ):
        if not right:
            raise check.fail(f"the matrix states of the machine have not what it needs, {what}")
    for name in ("decay_fraction", "product_shift", "read_shift"):
        wanted, built = getattr(item.format, name), getattr(unit, name)
        if wanted != built and (unit.decay or name != "decay_fraction"):
            raise check.fail(f"its {name} is {wanted}, that of the machine {built}; all states of "
                             "a machine have the same")
    for _, length in operands(check.program, item):
        check.length(length)


def schedule_matrix_state(scheduler: SectionScheduler, position: int, item: MatrixState) -> None:
    """The command, its operands by VECTOR, and a VECTOR that takes what was read."""
    machine, lanes = scheduler.machine, scheduler.machine.vector.lanes
    last = [other for other in scheduler.section.items if isinstance(other, MatrixState)][-1]
    offset, shape = state_offsets(scheduler.section, machine)[item.state]
    taken = operands(scheduler.program, item)
    made = 0 if item.read is None else -(-item.read_lengths()[1] // lanes)
    decay = Decay.NONE
    if item.decay is not None:
        decay = Decay.HEAD if taken[0][1] == shape.heads else Decay.ROW
    scheduler.nodes.append(StateStep(
        item=position, heads=shape.heads, rows=shape.rows, columns=shape.columns,
        heads_groups=-(-shape.heads // lanes), rows_groups=-(-item.row_elements // lanes),
        columns_groups=-(-item.column_elements // lanes), offset=offset,
        advance=section_words(scheduler.section, machine) if item is last else 0, decay=decay,
        products=len(item.products), read=item.read is not None, by_columns=item.by == "columns",
        store=item.store, words=_words(shape, machine),
        operands=_groups(scheduler.program, item, machine), gives=made))
    for name, length in taken:
        scheduler.nodes.append(VectorStep(
            item=position, operation=None, elements=length, first=0, length=-(-length // lanes),
            a=scheduler.address(name), send=True, partner=MatrixStates.name))
    if item.result is not None:
        scheduler.nodes.append(VectorStep(
            item=position, operation=0, elements=item.read_lengths()[1], first=0, length=made,
            source=SourceA.UNIT, partner=MatrixStates.name,
            result=scheduler.address(item.result)))
