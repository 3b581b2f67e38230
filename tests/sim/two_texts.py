"""A small machine of two token streams that makes texts by itself."""

from __future__ import annotations

from functools import cache

from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.machine.additions import with_generation
from sterna.machine.image import MemoryImage
from sterna.machine.presets import PRESETS

from tests.sim.shapes import random_program

PROGRAM = random_program(24, 2, 40, 61, seed=4)


@cache
def two_texts(shared: bool = False) -> MemoryImage:
    """Its rows are on the chip. ``shared``: both in one data path."""
    machine = with_generation(fit_machine(
        PROGRAM, PRESETS["tiny"].having(streams=2, shared=shared), "chip"))
    return compile_program(PROGRAM, machine.having(generate_window=8), "chip")
