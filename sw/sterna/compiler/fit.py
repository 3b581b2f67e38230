"""Does a program fit an accelerator, and the smallest accelerator of a shape that it fits."""

from __future__ import annotations

from math import ceil, lcm
from typing import Literal

from sterna.compiler.encoder import encode_plan, encode_reset
from sterna.compiler.packing import constant_words, weight_words
from sterna.compiler.plan import MatmulStep, Plan
from sterna.compiler.schedule import schedule
from sterna.errors import InputError
from sterna.law.planes import full, reach, signed_bits
from sterna.machine.machine import Machine
from sterna.machine.units.ternary import Destination
from sterna.program.definition import Program
from sterna.program.instructions import Quantise

Embedding = Literal["auto", "host", "chip"]

_MEMORY_STEP = 512
_CODE_STEP = 64
_INPUT_STEP = 16
"""Depth of look-up table memory, which a short row can lie in."""


def _up(value: int, step: int) -> int:
    return -(-value // step) * step


def row_groups(program: Program, machine: Machine) -> int:
    """Vector groups of an embedding row."""
    return -(-program.input_length // machine.vector.lanes)


def input_words(program: Program, machine: Machine, placement: str) -> int:
    """INPUT words that a placement of the embedding rows takes; the host's: one row a stream."""
    rows = program.rows if placement == "chip" else machine.streams
    return rows * row_groups(program, machine)


def placement_for(program: Program, machine: Machine,
                  embedding: Embedding) -> Literal["host", "chip"]:
    """Where embedding rows live; ``auto`` keeps them on the chip if its input memory holds them."""
    if embedding not in ("auto", "host", "chip"):
        raise InputError(f"embedding = {embedding!r} must be auto, host or chip")
    if embedding != "auto":
        return embedding
    fits = input_words(program, machine, "chip") <= machine.vector.input_depth
    return "chip" if fits else "host"


def _most_columns(program: Program) -> int:
    return max(item.length for section in program.sections for item in section.items
               if isinstance(item, Quantise))


def requirements(program: Program, machine: Machine, plan: Plan,
                 placement: str) -> dict[str, int]:
    """The least value of every machine field that depends on the program."""
    codes = _up(_most_columns(program), machine.ternary.columns)
    accumulator_bits = signed_bits(reach(full(codes)))
    wide = machine.having(vector_depth=max(machine.vector.depth, plan.vector_groups),
                   code_depth=max(machine.ternary.code_depth, codes),
                   accumulator_bits=max(machine.ternary.accumulator_bits, accumulator_bits))
    instructions = len(encode_plan(plan, wide)) + len(encode_reset(plan, wide))
    return {
        "code_depth": codes,
        "accumulator_bits": accumulator_bits,
        "vector_depth": plan.vector_groups,
        "weight_depth": weight_words(plan),
        "constant_depth": constant_words(plan, machine),
        "input_depth": input_words(program, machine, placement),
        "program_depth": instructions,
        "tables": len(plan.tables),
    }


def check_plan(program: Program, machine: Machine, plan: Plan,
               placement: str) -> None:
    """Raise `InputError` that lists what does not fit and by how much."""
    needed = requirements(program, machine, plan, placement)
    short = [
        f"{name} = {machine.value(name)} must be at least {value}"
        for name, value in needed.items() if machine.value(name) < value
    ]
    if machine.memory.resident and needed["weight_depth"] != machine.ternary.weight_depth:
        # They are counted off over the whole depth.
        short.append(f"weight_depth must be {needed['weight_depth']} with resident_words")
    if short:
        raise InputError(f"program {program.name} does not fit the machine: "
                         + "; ".join(short))


def check_fit(program: Program, machine: Machine,
              embedding: Embedding = "auto") -> None:
    """Raise `InputError` that lists what of the program does not fit and by how much."""
    placement = placement_for(program, machine, embedding)
    check_plan(program, machine, schedule(program, machine), placement)


def _head_words(base: Machine, plan: Plan) -> int:
    """Words that the head delivers in a clock; a chip that is paid for by lanes keeps the base's.

    Comparing them in turn would make a memory outside wait.
    """
    rates = [base.ternary.lanes / (step.tiles * base.ternary.columns)
             for section in plan.sections for step in section.steps()
             if isinstance(step, MatmulStep) and step.destination is Destination.HEAD]
    if not base.memory.outside or not rates:
        return base.head.head_words
    wanted = 1 << (ceil(max(rates)) - 1).bit_length()
    return max(base.head.head_words, min(wanted, base.vector.lanes))


def with_residents(machine: Machine, bits: float) -> Machine:
    """The machine with as many weights on the chip, beside those outside, as ``bits`` hold.

    Its depths must be fitted. Raises `InputError` when its weights are not outside.
    """
    words = int(bits // (8 * machine.ternary.weight_bytes))
    return machine.having(resident_words=min(words, machine.ternary.weight_depth - 1))


def fit_machine(program: Program, base: Machine,
                      embedding: Embedding = "auto") -> Machine:
    """``base`` with the depths, tables and accumulators that the program needs, rounded up.

    The shape (rows, columns, lanes, word, block and top-k) stays. ``auto`` keeps the embedding on
    the chip if the base's input memory holds it. Raises `InputError` for a program that this design
    cannot execute or whose numbers exceed a field.
    """
    base = base.having(word_bits=program.word_bits)
    placement = placement_for(program, base, embedding)
    plan = schedule(program, base)
    needed = requirements(program, base, plan, placement)
    code_depth = _up(needed["code_depth"], lcm(_CODE_STEP, base.ternary.columns))
    return base.having(
        head_words=_head_words(base, plan),
        code_depth=code_depth,
        accumulator_bits=signed_bits(reach(full(code_depth))),
        vector_depth=_up(needed["vector_depth"], _CODE_STEP),
        # Words that nobody needs would be read from a memory outside all the same.
        weight_depth=_up(needed["weight_depth"],
                         1 if base.memory.outside else _MEMORY_STEP),
        constant_depth=_up(needed["constant_depth"],
                           1 if base.memory.holds_constants else _MEMORY_STEP),
        input_depth=_up(needed["input_depth"], _INPUT_STEP),
        program_depth=_up(needed["program_depth"], _CODE_STEP),
        tables=max(1, needed["tables"]),
    )
