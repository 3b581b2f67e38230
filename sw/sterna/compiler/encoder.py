"""Encoding of a plan as instruction words, loops included."""

from __future__ import annotations

from sterna.compiler.plan import BlockLoop, Node, Plan
from sterna.compiler.registry import compilers_of, rules_of
from sterna.compiler.unit import Instruction
from sterna.errors import InputError
from sterna.machine.encoding import encode
from sterna.machine.machine import Machine
from sterna.program.definition import Program


def _step(step: object, machine: Machine) -> Instruction:
    return rules_of(step).encode(step, machine)


def _close(instruction: Instruction, level: int) -> None:
    fields = instruction[1]
    fields["ends"] = fields.get("ends", 0) | 1 << level


def _node(node: Node, machine: Machine) -> list[Instruction]:
    if not isinstance(node, BlockLoop):
        return [_step(node, machine)]
    body = [_step(step, machine) for step in node.body]
    _close(body[-1], 0)
    return [("REPEAT", {"level": 0, "count": node.count, "step": node.step}), *body]


def run_instructions(plan: Plan, machine: Machine) -> list[Instruction]:
    """The instructions of one RUN, END included."""
    instructions: list[Instruction] = []
    for section in plan.sections:
        body = [instruction for node in section.nodes for instruction in _node(node, machine)]
        if section.repeat > 1:
            fields = {"level": 1, "count": section.repeat, "step": section.step}
            instructions.append(("REPEAT", fields))
            _close(body[-1], 1)
        instructions += body
    return [*instructions, ("END", {})]


def reset_instructions(program: Program, plan: Plan, machine: Machine) -> list[Instruction]:
    """Those that bring every unit to where a text begins, END included."""
    found = [instruction for compiler in compilers_of(machine).values()
             for instruction in compiler.reset(program, machine, plan)]
    return [*found, ("END", {})]


def encode_all(instructions: list[Instruction], machine: Machine) -> list[int]:
    """Instruction words. Raises `InputError` when a value exceeds its field."""
    try:
        return [encode(machine, kind, **fields) for kind, fields in instructions]
    except ValueError as error:
        raise InputError(f"the program does not fit the accelerator: {error}") from error
