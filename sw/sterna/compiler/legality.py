"""What a machine cannot do, of programs that mean something."""

from __future__ import annotations

from sterna.compiler.check import Check
from sterna.compiler.lifetimes import assign_registers
from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.machine.protocol import input_space
from sterna.program.definition import Program
from sterna.program.neurons import Neurons
from sterna.program.validate import validate_program


def check_legal(program: Program, machine: Machine) -> None:
    """Raise `InputError` for what is no program, or what such a machine cannot execute.

    What it executes follows from its units: see `sterna.compiler.unit`.
    """
    validate_program(program)
    _check_words(program, machine)
    inputs = 0
    for number, section in enumerate(program.sections):
        check = Check(program, machine, section, first=number == 0)
        check.run()
        inputs += check.inputs
    if inputs > 1:
        raise InputError(
            f"program {program.name}: {inputs} operations read the input, which is there only once")
    _check_results(program)
    assign_registers(program)


def _check_words(program: Program, machine: Machine) -> None:
    if program.takes_codes:
        space = input_space(machine, codes=True)
        if all(item.name != space for item in machine.memories):
            raise InputError(f"program {program.name}: takes codes; the input of this machine is "
                             "words, that of one whose neurons have an input_depth is codes too")
    elif not machine.has_words:
        raise InputError(f"program {program.name}: takes words; the input of a machine without a "
                         "vector unit is codes")
    words = program.vectors or not program.takes_codes
    if words and machine.has_words and program.word_bits != machine.vector.word_bits:
        raise InputError(
            f"program {program.name} has words of {program.word_bits} bits, the machine of "
            f"{machine.vector.word_bits}; lower the model again or change word_bits")


def _check_results(program: Program) -> None:
    outputs = {item.result for section in program.sections for item in section.items
               if isinstance(item, Neurons)}
    for name in program.results:
        if name not in outputs:
            raise InputError(f"program {program.name}: {name} is to leave with a RUN; a machine "
                             "gives the best of a head and the outputs of populations")
