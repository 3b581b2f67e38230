"""Does a program fit a machine, and the smallest machine of a shape that it fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from sterna.compiler.encoder import encode_all, reset_instructions, run_instructions
from sterna.compiler.plan import Plan
from sterna.compiler.registry import compilers, compilers_of, unit_of
from sterna.compiler.rows import Embedding, placement_for
from sterna.compiler.schedule import schedule
from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.machine.row_memory import RowsOnChip
from sterna.program.definition import Program
from sterna.program.validate import validate_program


def units_needed(program: Program) -> tuple[str, ...]:
    """Names of the units that execute the operations of a program."""
    names: dict[str, None] = {}
    for section in program.sections:
        for item in section.items:
            found = unit_of(item)
            if found is not None:
                names.update(dict.fromkeys((found[0], *found[1].beside(item))))
    return tuple(names)


def closest(program: Program, bases: Sequence[Machine]) -> Machine:
    """The first of several machines that lacks the fewest units which a program needs."""
    needed = units_needed(program)
    return min(bases, key=lambda base: sum(not base.has(name) for name in needed))


def requirements(program: Program, machine: Machine, plan: Plan,
                 placement: str) -> dict[str, int]:
    """The least value of every machine field that depends on the program."""
    needed: dict[str, int] = {}
    for compiler in compilers_of(machine).values():
        needed |= compiler.needed(program, machine, plan, placement)
    needed["program_depth"] = len(run_instructions(plan, machine)) + len(
        reset_instructions(program, plan, machine))
    return needed


def check_plan(program: Program, machine: Machine, plan: Plan,
               placement: str) -> None:
    """Raise `InputError` that lists what does not fit and by how much."""
    needed = requirements(program, machine, plan, placement)
    short = [
        f"{name} = {machine.value(name)} must be at least {value}"
        for name, value in needed.items() if machine.value(name) < value
    ]
    for compiler in compilers_of(machine).values():
        short += compiler.other(program, machine, needed)
    if short:
        raise InputError(f"program {program.name} does not fit the machine: "
                         + "; ".join(short))


def check_fit(program: Program, machine: Machine,
              embedding: Embedding = "auto") -> None:
    """Raise `InputError` that lists what of the program does not fit and by how much."""
    placement = placement_for(program, machine, embedding)
    check_plan(program, machine, schedule(program, machine), placement)


def with_residents(machine: Machine, bits: float) -> Machine:
    """The machine with as many weights on the chip, beside those outside, as ``bits`` hold.

    Its depths must be fitted. Raises `InputError` when its weights are not outside.
    """
    words = int(bits // (8 * machine.weight_bytes))
    return machine.having(resident_words=min(words, machine.weight_words - 1))


def fit_machine(program: Program, base: Machine, embedding: Embedding = "auto",
                wanted: Mapping[str, int] = MappingProxyType({})) -> Machine:
    """``base`` with the units, depths, tables and widths that the program needs.

    The shape (lanes, words, blocks, the best of the head) stays; some depths are rounded up. Units
    that the base lacks are added in their usual shape; neurons and synapses without use are left
    out; without a vocabulary rows are on the chip. ``auto`` keeps the embedding where the base has
    a memory outside for it, and else on the chip if the base's input memory holds it. ``wanted``
    are fields that would else be the least that will do: ``code_bits`` of neurons. Raises
    `InputError` for a program that no such machine can execute or whose numbers exceed a field.
    """
    validate_program(program)
    shaped = _shaped(program, base, wanted)
    placement = placement_for(program, shaped, embedding)
    plan = schedule(program, shaped)
    needed = requirements(program, shaped, plan, placement)
    there = compilers_of(shaped).values()
    step = max(compiler.program_step for compiler in there)
    fields = {"program_depth": -(-needed["program_depth"] // step) * step}
    for compiler in there:
        own = compiler.needed(program, shaped, plan, placement)
        fields |= compiler.fitted(shaped, plan, own)
    fitted = shaped.having(**fields)
    encode_all(run_instructions(plan, fitted), fitted)
    return fitted


def _shaped(program: Program, base: Machine, wanted: Mapping[str, int]) -> Machine:
    known = compilers()
    names = [unit.name for unit in base.units
             if unit.name not in known or known[unit.name].used(program)]
    names += [name for name in units_needed(program) if name not in names]
    rows = {} if program.rows else {"row_memory": RowsOnChip()}
    return replace(base, **rows, units=tuple(
        known[name].shaped(program, base, wanted) if name in known else base.unit(name)
        for name in names))
