"""The accelerator that the options of a command ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sterna.compiler.spiking.fit import SpikingShape, fit_spiking
from sterna.errors import InputError
from sterna.families.steps.options import Config, Shape
from sterna.machine.file import read_machine
from sterna.machine.machine import Machine

if TYPE_CHECKING:
    from sterna.program.definition import Program


@dataclass(frozen=True)
class StepShape(Shape, Config):
    """The options; what is not given follows from the network."""

    def shape(self) -> SpikingShape:
        """The shape. Raises `InputError`."""
        return shape_of(SpikingShape(), self.lanes, self.neuron_lanes, self.code_bits)

    def fitted(self, program: Program) -> Machine:
        """The accelerator for the program, or that of a machine file."""
        if self.config is None:
            return fit_spiking(program, self.shape())
        return read_file(self.config)


def shape_of(usual: SpikingShape, lanes: int | None, neuron_lanes: int | None,
             code_bits: int | None) -> SpikingShape:
    """A shape, with what is given in place of what is usual. Raises `InputError`."""
    if code_bits is not None and code_bits < 1:
        raise InputError(f"code_bits is {code_bits}; it must be 2 to 8")
    return SpikingShape(
        lanes=usual.lanes if lanes is None else lanes,
        neuron_lanes=usual.neuron_lanes if neuron_lanes is None else neuron_lanes,
        code_bits=code_bits, multiplier_bits=usual.multiplier_bits)


def read_file(name: str) -> Machine:
    """The machine in a file. Raises `InputError` for another kind, and for no file."""
    return read_machine(name, "no such file; give the configuration.json of a build", "neuron",
                        "a language model's accelerator")
