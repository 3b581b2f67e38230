"""The whole way from a program to its memory image."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from sterna.compiler.encoder import encode_all, reset_instructions, run_instructions
from sterna.compiler.fit import check_plan
from sterna.compiler.kinds import Widths, result_places
from sterna.compiler.plan import Plan
from sterna.compiler.registry import compilers_of
from sterna.compiler.rows import Embedding, input_of, placement_for, row_groups
from sterna.compiler.schedule import schedule
from sterna.law.neuron import Output
from sterna.machine.host_side import STEPS, HostSide
from sterna.machine.image import RESET, RUN, ImagePart, MemoryImage
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space
from sterna.machine.words import Words, pack_row, word_bytes
from sterna.program.definition import Program
from sterna.program.digest import program_digest
from sterna.program.instructions import INPUT
from sterna.program.neurons import Neurons


def compile_program(program: Program, machine: Machine, embedding: Embedding = "auto",
                    plan: Plan | None = None, *, skip: bool = True) -> MemoryImage:
    """Schedule a program and describe its memory image; weights are packed when they are asked for.

    ``plan`` saves scheduling again what `schedule` gave for the same arguments; ``skip`` is as
    there. Raises `InputError` when the program cannot run on the machine or does not fit it.
    """
    plan = plan or schedule(program, machine, skip=skip)
    placement = placement_for(program, machine, embedding)
    check_plan(program, machine, plan, placement)
    words, entries = program_words(program, plan, machine)
    parts = {item.name: ImagePart(0, word_bytes(machine, item.name), lambda: iter(()))
             for item in machine.memories}
    parts[Space.PROGRAM] = ImagePart.from_array(words)
    for compiler in compilers_of(machine).values():
        parts |= compiler.parts(program, machine, plan, placement)
    sends = placement == "host" and bool(program.rows)
    return MemoryImage(
        machine=machine,
        model=program.name,
        parts=parts,
        entries=entries,
        rows=program.rows,
        placement=placement,
        row_groups=row_groups(program, machine),
        input=input_of(program, machine),
        chained=plan.chained,
        embedding=(lambda token: pack_row(machine, program.parameters.embedding(token)))
        if sends else None,
        host=host_side(program, machine),
        kept=tuple(value for compiler in compilers_of(machine).values()
                   for value in compiler.kept(program, machine)) if machine.readable else (),
        program=partial(program_digest, program),
    )


def program_words(program: Program, plan: Plan, machine: Machine) -> tuple[Words, dict[str, int]]:
    """Instruction words, and the program counters of the entries `RUN` and `RESET`."""
    run = encode_all(run_instructions(plan, machine), machine)
    reset = encode_all(reset_instructions(program, plan, machine), machine)
    size = word_bytes(machine, Space.PROGRAM)
    data = b"".join(word.to_bytes(size, "little") for word in (*run, *reset))
    return np.frombuffer(data, np.uint8).reshape(-1, size), {RUN: 0, RESET: len(run)}


def host_side(program: Program, machine: Machine) -> HostSide | None:
    """How a host makes codes of what a user gives, and what the outputs of populations mean."""
    leaves = {item.result: item for section in program.sections for item in section.items
              if isinstance(item, Neurons) and item.result in program.results}
    if not program.takes_codes or not leaves:
        return None
    given, places = program.codes[INPUT], result_places(program, Widths.of(machine))

    def facts(name: str) -> dict[str, Any]:
        found = {"outputs": leaves[name].length,
                 "spikes": leaves[name].definition.output is Output.SPIKE}
        return found | {"place": places[name]} if places[name] else found

    output, *probes = program.results
    found = {"inputs": given.length, "input_fraction": given.fraction,
             "output": leaves[output].name, **facts(output)}
    if probes:
        found["probes"] = {name: facts(name) for name in probes}
    return HostSide(STEPS, found)
