"""The configuration of a spiking accelerator, shared by compiler, RTL, tests and driver.

Neurons differ in their flags, and what a flag does not need is not built; so the configuration
names the kinds of neurons. Weights, delays, connections and per-neuron parameters are loaded.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sterna.errors import InputError
from sterna.law.neuron import NeuronDefinition
from sterna.law.neuron_parameters import FACTORS, NeuronParameters
from sterna.machine.configuration import HardwareConfiguration

MOST_UNITS = 7
RESULT_BITS = 32
_RANGES = {"weight_bits": (2, 16), "code_bits": (2, 8), "accumulator_bits": (4, 32),
           "taps": (1, 256), "multiplier_bits": (8, 25)}


@dataclass(frozen=True, kw_only=True)
class NeuronUnit:
    """A LIF engine of the accelerator: the neurons of all populations of one definition.

    ``groups`` of ``neuron_lanes`` neurons are those of all these populations, in the order of
    execution.
    """

    definition: NeuronDefinition
    constants: tuple[tuple[str, int], ...] = ()
    """Parameters that all its neurons share, part of the hardware; others are neutral or vary."""
    varying: tuple[str, ...] = ()
    """Parameters that come from the constant memory, one of each for every neuron."""
    groups: int = 1
    codes: bool = True
    """Whether outputs become codes that connections read."""
    results: bool = False
    """Whether outputs are outputs of the network."""

    @property
    def parameter_bits(self) -> int:
        """Bits of the varying parameters of one neuron."""
        d = self.definition
        return sum(d.factor_bits if name in FACTORS else d.membrane_bits for name in self.varying)

    @property
    def state_bits(self) -> int:
        """Bits of the state of one neuron."""
        return sum(self.definition.state_bits(name) for name in self.definition.states)


@dataclass(frozen=True, kw_only=True)
class SpikingConfiguration:
    """Shape of a spiking accelerator.

    ``lanes`` synapses are accumulated a clock, ``neuron_lanes`` neurons updated a clock. Depths are
    in words of the memory that they name. Raises `InputError` for values that do not fit.
    """

    lanes: int = 16
    """Synapses accumulated a clock; a multiple of ``neuron_lanes``."""
    neuron_lanes: int = 4
    """Neurons updated a clock, and codes in a word; a power of two."""
    weight_bits: int = 8
    """Width of a weight, the integer that its ternary planes stand for."""
    code_bits: int = 8
    """Width of a code, signed and symmetric: 2 for spikes and ternary codes, 8 for all."""
    taps: int = 1
    """Steps of codes that are kept of every source; above 1 each synapse names the one it reads."""
    accumulator_bits: int = 20
    multiplier_bits: int = 18
    """Signed operands of the part's multipliers; 16 on iCE40."""
    weight_depth: int = 1024
    accumulator_depth: int = 16
    """Groups of ``lanes`` targets that a population may have."""
    code_depth: int = 64
    """Words of ``neuron_lanes`` sources: input and populations."""
    constant_depth: int = 64
    input_depth: int = 16
    program_depth: int = 64
    outputs: int = 1
    """Values that a step returns."""
    units: tuple[NeuronUnit, ...] = (NeuronUnit(definition=NeuronDefinition(), results=True),)
    baud: int = 0
    """Bits a second of the serial port of the board that it is built for, 0 if there is none."""
    trace: bool = False
    """Whether the top level has trace ports (simulation only)."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least = 0 if field.name == "baud" else 1
            if field.type == "int" and (not isinstance(value, int) or value < least):
                raise InputError(
                    f"configuration: {field.name} must be a positive integer, not {value!r}")
        for name, (low, high) in _RANGES.items():
            self._check(low <= getattr(self, name) <= high, name, f"{low} to {high}")
        self._check(self.neuron_lanes & (self.neuron_lanes - 1) == 0, "neuron_lanes",
                    "a power of two")
        self._check(self.lanes % self.neuron_lanes == 0, "lanes", "a multiple of neuron_lanes")
        if not 1 <= len(self.units) <= MOST_UNITS:
            raise InputError(
                f"configuration: {len(self.units)} kinds of neurons; there can be 1 to "
                f"{MOST_UNITS}")
        known = {name for name, _ in NeuronParameters().items()}
        for unit in self.units:
            if unknown := {*unit.varying, *dict(unit.constants)} - known:
                raise InputError(
                    f"configuration: no parameter is named {', '.join(sorted(unknown))}")
            self._check(unit.definition.sum_bits == self.accumulator_bits, "accumulator_bits",
                        f"the sum_bits of its neurons, {unit.definition.sum_bits}")

    def _check(self, right: bool, name: str, wanted: str) -> None:
        if not right:
            raise InputError(
                f"configuration: {name} is {getattr(self, name)}; it must be {wanted}")

    @property
    def code_limit(self) -> int:
        """Largest magnitude of a code."""
        return (1 << (self.code_bits - 1)) - 1

    @property
    def input_lanes(self) -> int:
        """Integers in a word of the INPUT memory."""
        return self.neuron_lanes

    @property
    def input_bits(self) -> int:
        """Bits of each of them."""
        return self.code_bits

    @property
    def tap_bits(self) -> int:
        """Bits by which a synapse names the step that it reads."""
        return (self.taps - 1).bit_length()

    @property
    def history_bits(self) -> int:
        """Bits that are kept of a source."""
        return self.taps * self.code_bits

    @property
    def weight_word_bits(self) -> int:
        """Bits of a weight word: ``lanes`` weights, and above them ``lanes`` taps."""
        return self.lanes * (self.weight_bits + self.tap_bits)

    @property
    def constant_bits(self) -> int:
        """Bits of a constant word: the varying parameters of a group of neurons."""
        return self.neuron_lanes * max(1, *(unit.parameter_bits for unit in self.units))

    @property
    def state_memory_bits(self) -> int:
        """Bits that a network keeps from step to step: states of neurons, and past codes."""
        groups = sum(unit.groups * unit.state_bits for unit in self.units)
        return self.neuron_lanes * (groups + self.code_depth * self.history_bits)

    @property
    def group_lanes(self) -> int:
        """Groups of neurons in a group of accumulators."""
        return self.lanes // self.neuron_lanes

    def to_json(self) -> str:
        """The configuration as a JSON object with sorted keys."""
        values: dict[str, Any] = asdict(self)
        for item, unit in zip(values["units"], self.units, strict=True):
            item["definition"] = unit.definition.to_dict()
        return json.dumps(values, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> SpikingConfiguration:
        """Read what `to_json` wrote; raises `InputError` on unknown or missing fields."""
        try:
            values = json.loads(text)
            values["units"] = tuple(
                NeuronUnit(**item | {
                    "definition": NeuronDefinition.from_dict(item["definition"]),
                    "constants": tuple((name, value) for name, value in item["constants"]),
                    "varying": tuple(item["varying"]),
                })
                for item in values["units"]
            )
            return cls(**values)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"configuration: not readable: {error}") from error

    def digest(self) -> int:
        """A 64-bit number that names this hardware (trace ports and serial port do not count)."""
        values = json.loads(replace(self, trace=False).to_json())
        del values["baud"]
        text = json.dumps(values, sort_keys=True)
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def read_configuration(text: str) -> HardwareConfiguration | SpikingConfiguration:
    """The configuration of either kind of accelerator, from its JSON; raises `InputError`."""
    try:
        spiking = "units" in json.loads(text)
    except (TypeError, json.JSONDecodeError) as error:
        raise InputError(f"configuration: not readable: {error}") from error
    return (SpikingConfiguration if spiking else HardwareConfiguration).from_json(text)
