"""Machines with their weights outside, with traces: what several files simulate is built once."""

from __future__ import annotations

from functools import cache

from sterna.compiler.fit import fit_machine, with_residents
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi, Sdram
from sterna.machine.presets import PRESETS
from sterna.program.definition import Program

from tests.sim.shapes import random_program

CLOCK = 50e6
AXI = PRESETS["small"].having(memory=Axi(ports=2, bits=64, burst=8, prefetch=64), trace=True)


@cache
def program() -> Program:
    return random_program(96, 2, 100, 97, seed=5)


@cache
def all_outside() -> Machine:
    """Behind two AXI ports."""
    return fit_machine(program(), AXI, "host")


@cache
def levels() -> Machine:
    """Every second weight word on the chip, constants outside."""
    return half_resident(AXI.having(memory_constants=True))


@cache
def sdram() -> Machine:
    """In an SDRAM of its own clock."""
    return fit_machine(program(), PRESETS["small"].having(
        memory=Sdram(part="16m16", hz=round(CLOCK)), trace=True), "host")


def half_resident(base: Machine) -> Machine:
    """Fitted to the program, with every second weight word on the chip."""
    fitted = fit_machine(program(), base, "host")
    return with_residents(fitted, fitted.ternary.weight_depth * fitted.ternary.weight_bytes * 4)
