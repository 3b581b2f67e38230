"""What a spiking accelerator cannot do, of programs that mean something."""

from __future__ import annotations

from sterna.compiler.spiking.plan import groups_of, populations
from sterna.errors import InputError
from sterna.machine.units.synapses import GROUP_BITS
from sterna.machine.units.vector import LENGTH_BITS
from sterna.program.definition import Program
from sterna.program.instructions import INPUT
from sterna.program.neurons import Neurons
from sterna.program.validate import validate_program


def check_legal(program: Program, lanes: int) -> None:
    """Raise `InputError` for what is no program, or what an accelerator of so many lanes cannot do.

    It executes the populations of one section once a RUN, on codes, and returns the outputs of one.
    """
    validate_program(program)
    if not program.takes_codes or len(program.results) != 1 or len(program.sections) != 1:
        raise InputError(f"{program.name}: is no spiking network: one takes codes, has one section "
                         "and gives the outputs of one population")
    section = program.sections[0]
    for index, item in enumerate(section.items):
        place = f"program, section {section.name}, item {index} ({item.title})"
        if not isinstance(item, Neurons) or section.repeat > 1:
            raise InputError(f"{place}: a spiking accelerator computes populations alone, once")
        if item.current is not None:
            raise InputError(f"{place}: a spiking accelerator has no vectors of words")
    most = max(item.length for item in populations(program))
    for what, size, limit in (
        ("sources", max(program.codes[INPUT].length, most), 1 << LENGTH_BITS),
        ("groups of targets", groups_of(most, lanes), 1 << GROUP_BITS),
    ):
        if size >= limit:
            raise InputError(f"{program.name}: {size} {what}; an instruction names at most "
                             f"{limit - 1}")
