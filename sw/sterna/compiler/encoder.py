"""Encoding of a plan as instruction words, loops included."""

from __future__ import annotations

from sterna.compiler.plan import (
    Address,
    BlockLoop,
    MatmulStep,
    Node,
    Plan,
    ScalarStep,
    Step,
    VectorStep,
)
from sterna.errors import InputError
from sterna.law.arithmetic import SHIFT_STEP
from sterna.machine.encoding import encode
from sterna.machine.machine import Machine
from sterna.machine.units.vector import LENGTH_BITS, MultiplierSelect

_LONGEST = (1 << LENGTH_BITS) - 1

Instruction = tuple[str, dict[str, int]]


def _address(name: str, address: Address | None) -> dict[str, int]:
    if address is None:
        return {}
    return {f"{name}_address": address.base, f"{name}_layer": int(address.layer)}


def _vector(step: VectorStep) -> Instruction:
    return "VECTOR", {
        "length": step.length, "a_source": step.source, "multiplier": step.multiplier,
        **_address("a", step.a), **_address("b", step.b), **_address("result", step.result),
        "add_b": int(step.add_b), "shift": step.shift // SHIFT_STEP, "scalar": step.scalar,
        "table": step.table, "write": int(step.result is not None), "codes": int(step.codes),
        "absmax": int(step.absmax is not None), "absmax_register": step.absmax or 0,
        "squares": int(step.squares is not None), "squares_register": step.squares or 0,
        "wait": step.wait,
        **({"previous": 1} if step.previous else {}), **({"state": 1} if step.state else {}),
    }


def _step(step: Step) -> Instruction:
    if isinstance(step, VectorStep):
        return _vector(step)
    if isinstance(step, ScalarStep):
        return "SCALAR", {"operation": step.operation, "result": step.result,
                             "a": step.a, "b": step.b}
    assert isinstance(step, MatmulStep)
    return "MATMUL", {
        "groups": step.groups * len(step.matrices), "blocks": step.blocks, "tiles": step.tiles,
        "release": int(step.release), "destination": step.destination,
    }


def _close(instruction: Instruction, level: int) -> None:
    fields = instruction[1]
    fields["ends"] = fields.get("ends", 0) | 1 << level


def _node(node: Node) -> list[Instruction]:
    if not isinstance(node, BlockLoop):
        return [_step(node)]
    body = [_step(step) for step in node.body]
    _close(body[-1], 0)
    return [("REPEAT", {"level": 0, "count": node.count, "step": node.step}), *body]


def _encode(instructions: list[Instruction], machine: Machine) -> list[int]:
    try:
        return [encode(machine, kind, **fields) for kind, fields in instructions]
    except ValueError as error:
        raise InputError(f"the program does not fit the accelerator: {error}") from error


def encode_plan(plan: Plan, machine: Machine) -> list[int]:
    """Instruction words of one token, END included.

    Raises `InputError` when a value exceeds its field.
    """
    instructions: list[Instruction] = []
    for section in plan.sections:
        body = [instruction for node in section.nodes for instruction in _node(node)]
        if section.repeat > 1:
            fields = {"level": 1, "count": section.repeat, "step": section.step}
            instructions.append(("REPEAT", fields))
            _close(body[-1], 1)
        instructions += body
    return _encode([*instructions, ("END", {})], machine)


def encode_reset(plan: Plan, machine: Machine) -> list[int]:
    """Instruction words that zero carried vectors and state, END included."""
    instructions: list[Instruction] = []
    for base in range(0, plan.persistent_groups, _LONGEST):
        length = min(_LONGEST, plan.persistent_groups - base)
        instructions.append(("VECTOR", {
            "length": length, "multiplier": MultiplierSelect.ZERO, "write": 1,
            "a_address": base, "b_address": base, "result_address": base,
        }))
    return _encode([*instructions, ("END", {})], machine)
