"""The accelerator that the options of a command ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sterna.compiler.fit import fit_machine
from sterna.families.common import Snapshots
from sterna.families.steps.options import Config, Shape, lane_count
from sterna.machine.additions import with_snapshots
from sterna.machine.file import read_machine
from sterna.machine.machine import Machine
from sterna.machine.presets import STEP_MACHINE

if TYPE_CHECKING:
    from sterna.program.definition import Program


@dataclass(frozen=True)
class StepShape(Snapshots, Shape, Config):
    """The options; what is not given follows from the network."""

    def base(self) -> Machine:
        """The shape. Raises `InputError`."""
        return shape_of(STEP_MACHINE, lane_count(self.lanes), self.neuron_lanes)

    def fitted(self, program: Program) -> Machine:
        """The accelerator for the program, or that of a machine file."""
        machine = (fit_machine(program, self.base(), wanted=wanted(self.code_bits))
                   if self.config is None else read_file(self.config))
        return with_snapshots(machine) if self.snapshots else machine


def shape_of(usual: Machine, lanes: int | None, neuron_lanes: int | None) -> Machine:
    """A shape, with what is given in place of what is usual. Raises `InputError`."""
    given = {"synapse_lanes": lanes, "neuron_lanes": neuron_lanes}
    return usual.having(**{name: value for name, value in given.items() if value is not None})


def wanted(code_bits: int | None) -> dict[str, int]:
    """The fields that are not the least that will do."""
    return {} if code_bits is None else {"code_bits": code_bits}


def read_file(name: str) -> Machine:
    """The machine in a file. Raises `InputError` for another kind, and for no file."""
    return read_machine(name, "no such file; give the configuration.json of a build", "neuron",
                        "a language model's accelerator")
