"""Instruction words as text, of programs of words and of networks."""

from __future__ import annotations

import pytest
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.families.spiking.lowering import lower
from sterna.families.tokens.disassembly import disassemble
from sterna.machine.image import MemoryImage
from sterna.machine.presets import PRESETS, STEP_MACHINE

from tests.hw.core.spiking_networks import random_network
from tests.sw.compiler.programs import simple_program


def language_image() -> MemoryImage:
    program = simple_program()
    return compile_program(program, fit_machine(program, PRESETS["tiny"]))


def network_image() -> MemoryImage:
    program = lower(random_network(1, 3))
    return compile_program(program, fit_machine(program, STEP_MACHINE))


@pytest.mark.parametrize(("make", "kinds"), [
    (language_image, {"VECTOR", "SCALAR", "MATMUL", "REPEAT", "END"}),
    (network_image, {"ACCUMULATE", "NEURON", "END"}),
])
def test_every_instruction_is_a_line(make, kinds) -> None:
    """Its address, its kind and, in a column of their own, its fields; entries are named."""
    image = make()
    lines = disassemble(image)
    code = [line for line in lines if not line.endswith(":")]
    assert [int(line.split()[0]) for line in code] == list(range(len(code)))
    assert {line.split()[1] for line in code} == kinds
    column = 8 + max(map(len, kinds))
    assert all(line[column - 1:column] in (" ", "") and line[column:column + 1] != " "
               for line in code)
    assert {line[:-1] for line in lines if line.endswith(":")} == set(image.entries)
