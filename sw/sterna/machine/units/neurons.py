"""The neurons: LIF engines of the kinds that a network has, and the memory of their codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from sterna.errors import InputError
from sterna.law.neuron import NeuronDefinition, Output
from sterna.law.neuron_parameters import FACTORS, neutral_parameters
from sterna.machine.unit import (
    MOST,
    Fields,
    Instruction,
    MemorySpec,
    TracePort,
    Unit,
    is_power_of_two,
    require_fields,
    require_list,
)
from sterna.machine.units.synapses import PORT, address_bits
from sterna.machine.units.vector import LENGTH_BITS

if TYPE_CHECKING:
    from sterna.machine.machine import Machine

MOST_LANES = 1 << 12
MOST_KINDS = 31
_KIND_BITS = 3
"""Bits that a number of a kind has at least."""
RESULT_BITS = 32
CODES = "codes"
"""Name of the memory of codes, where READ names it."""
SENT_GROUPS = 16
"""Groups of words of the vector unit that may wait for the neurons which take them."""
_RANGES = {"code_bits": (2, 8), "multiplier_bits": (8, 25)}


@dataclass(frozen=True, kw_only=True)
class NeuronKind:
    """A LIF engine: the neurons of all populations of one definition.

    A RUN takes its neurons from the first on, at most ``groups`` groups of ``lanes``: those of all
    these populations, in the order of execution.
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
    current: bool = False
    """Whether ``x`` is a word that VECTOR sends, instead of a sum of synapses."""

    def __post_init__(self) -> None:
        if type(self.groups) is not int or not 1 <= self.groups <= MOST:
            raise InputError(f"machine: groups of a kind of neurons is {self.groups!r}")
        for name in ("codes", "results", "current"):
            if type(getattr(self, name)) is not bool:
                raise InputError(f"machine: {name} of a kind of neurons must be true or false, not "
                                 f"{getattr(self, name)!r}")
        for name, value in self.constants:
            if type(value) is not int or abs(value) > MOST:
                raise InputError(f"machine: the constant {name} of neurons is {value!r}")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> NeuronKind:
        """Read what `dataclasses.asdict` gave. Raises as `Part.from_dict`."""
        require_fields("kinds", values, [item.name for item in fields(cls)])
        definition = values["definition"]
        require_fields("definition", definition, [item.name for item in fields(NeuronDefinition)])
        return cls(**{
            **values, "definition": NeuronDefinition.from_dict(definition),
            "constants": tuple((name, value) for name, value in
                               require_list("constants", values["constants"])),
            "varying": tuple(require_list("varying", values["varying"])),
        })

    def shared(self) -> dict[str, int]:
        """Every parameter that does not vary, by its name."""
        return {name: value for name, value in (neutral_parameters() | dict(self.constants)).items()
                if name not in self.varying}

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
class Neurons(Unit):
    """``lanes`` neurons updated a clock. Depths are in words of the memory that they name."""

    name = "neuron"
    optional = frozenset({"code_depth", "input_depth", "outputs", "given_depth", "cycle"})
    later = frozenset({"cycle"})

    lanes: int = 4
    """Neurons updated a clock, and codes in a word; a power of two."""
    code_bits: int = 8
    """Width of a code, signed and symmetric: 2 for spikes and ternary codes, 8 for all."""
    multiplier_bits: int = 18
    """Signed operands of the part's multipliers; 16 on iCE40."""
    code_depth: int = 64
    """Words of ``lanes`` sources that synapses read: input and populations."""
    constant_depth: int = 64
    cycle: int = 0
    """The most words of parameters that a population may have, which come again when all its groups
    are more. 0: each of its groups has one."""
    input_depth: int = 16
    """Words of codes that a RUN may be given. 0: its input is words."""
    outputs: int = 1
    """Values that a step returns, those of a program first."""
    given_depth: int = 0
    """Groups of the vector unit's lanes that wait for VECTOR: codes, as words. 0: none are given.
    All of a command must find room."""
    kinds: tuple[NeuronKind, ...] = (NeuronKind(
        definition=NeuronDefinition(sum_bits=20), results=True),)

    def validate(self) -> None:
        for name, (low, high) in _RANGES.items():
            self.require(low <= getattr(self, name) <= high, name, f"{low} to {high}")
        self.require(is_power_of_two(self.lanes) and self.lanes <= MOST_LANES, "lanes",
                     f"a power of two of at most {MOST_LANES}")
        if not 1 <= len(self.kinds) <= MOST_KINDS:
            raise InputError(
                f"machine: {len(self.kinds)} kinds of neurons; there can be 1 to {MOST_KINDS}")
        known = neutral_parameters().keys()
        for kind in self.kinds:
            if unknown := {*kind.varying, *dict(kind.constants)} - known:
                raise InputError(f"machine: no parameter of a neuron is named "
                                 f"{', '.join(sorted(unknown))}")

    def check(self, machine: Machine) -> None:
        for kind in self.kinds:
            name, bits = (("vector_word_bits", machine.vector.word_bits) if kind.current else
                          ("synapse_accumulator_bits", machine.synapses.accumulator_bits))
            if kind.definition.sum_bits != bits:
                raise InputError(f"machine: {name} = {bits} must be the sum_bits of its neurons, "
                                 f"{kind.definition.sum_bits}")
        if not machine.partners or self.name not in machine.partners:
            return
        lanes = machine.vector.lanes
        self.require(lanes % self.lanes == 0, "lanes", f"a divisor of vector_lanes, {lanes}")
        if machine.streams > 1:
            raise InputError(f"machine: streams = {machine.streams} must be 1: its neurons keep "
                             "the state of one text")

    @property
    def shape(self) -> str:
        return f"{self.lanes} neuron lanes, {len(self.kinds)} kinds of neurons"

    @property
    def chosen(self) -> Mapping[str, int]:
        return {"code_bits": self.code_bits}

    @property
    def code_limit(self) -> int:
        """Largest magnitude of a code."""
        return (1 << (self.code_bits - 1)) - 1

    @property
    def constant_bits(self) -> int:
        """Bits of a constant word: the varying parameters of a group of neurons."""
        return self.lanes * max(1, *(kind.parameter_bits for kind in self.kinds))

    @property
    def group_bits(self) -> int:
        """Bits of a number of groups of codes: all that the code memory holds."""
        return max(LENGTH_BITS, self.code_depth.bit_length())

    def fields(self, machine: Machine) -> Fields:
        """Fields of NEURON.

        ``groups`` groups of new codes enter the delay lines from word ``codes`` of the code memory
        on. They come from the input (``unit`` 0), or from LIF engine ``unit - 1``, which takes the
        accumulators from group 0 on and leaves them zero, or words in the order in which VECTOR
        sends them. ``store``, ``result``, ``give`` and ``weigh`` say where its outputs go: codes,
        the step's results, words for VECTOR, weights from word ``weights`` on. Its groups take the
        next ``words`` words of parameters, again and again. ``clear`` stands alone: the words
        become zero, and so do the states of all neurons.
        """
        written = machine.has("synapse") and machine.synapses.written_depth
        return (("unit", max(_KIND_BITS, len(self.kinds).bit_length())),
                ("codes", address_bits(self.code_depth)), ("groups", self.group_bits),
                ("store", 1), ("result", 1), ("clear", 1),
                *((("words", self.cycle.bit_length()),) if self.cycle else ()),
                *((("give", 1),) if self.gives_words(machine) else ()),
                *((("weigh", 1), ("weights", address_bits(machine.synapses.weight_depth)))
                  if written else ()))

    def narrower(self) -> Neurons | None:
        return replace(self, lanes=self.lanes // 2) if self.lanes > 1 else None

    def takes_words(self, machine: Machine) -> bool:
        del machine
        return any(kind.current for kind in self.kinds)

    def gives_words(self, machine: Machine) -> bool:
        del machine
        return self.given_depth > 0

    def instructions(self, machine: Machine) -> tuple[Instruction, ...]:
        return (Instruction(
            "NEURON", self.fields(machine),
            "one step of the neurons of a population, or another way to new codes", port=PORT),)

    def memories(self, machine: Machine) -> tuple[MemorySpec, ...]:
        given = MemorySpec("input_codes" if machine.has_words else "input",
                           self.lanes * self.code_bits, self.input_depth, input=True,
                           lanes=self.lanes)
        return (MemorySpec("neurons", self.constant_bits, self.constant_depth),
                *((given,) if self.input_depth else ()))

    def traces(self, machine: Machine) -> tuple[TracePort, ...]:
        """Of each kind: sums, outputs, and all state words after the step, group by group."""
        del machine
        found = []
        for number, kind in enumerate(self.kinds):
            d = kind.definition
            spikes = d.output is Output.SPIKE
            sums = ((d.sum_bits, True),)
            outputs = ((d.max_count.bit_length() if spikes else d.membrane_bits, not spikes),)
            states = tuple((d.state_bits(name), name != "refractory") for name in d.states)
            found += [
                TracePort(f"{number}_{name}", fields * self.lanes, f"groups of {shows}")
                for name, fields, shows in (("sums", sums, "sums"), ("outputs", outputs, "outputs"),
                                            ("states", states, "states"))]
        return tuple(found)

    def states(self, machine: Machine) -> tuple[MemorySpec, ...]:
        """State words of the engines, one memory a kind, and the delay lines of codes."""
        kinds = tuple(
            MemorySpec(kind_states(number), self.lanes * kind.state_bits, kind.groups,
                       lanes=self.lanes) for number, kind in enumerate(self.kinds))
        if not self.code_depth:
            return kinds
        codes = MemorySpec(CODES, self.lanes * history_bits(machine), self.code_depth,
                           lanes=self.lanes)
        return (*kinds, codes)

    def result_words(self, machine: Machine) -> int:
        del machine
        return self.outputs

    def result_entries(self, machine: Machine) -> int:
        del machine
        return self.outputs

    def to_dict(self) -> dict[str, Any]:
        values = super().to_dict()
        for item, kind in zip(values["kinds"], self.kinds, strict=True):
            item["definition"] = kind.definition.to_dict()
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Neurons:
        kinds = tuple(NeuronKind.from_dict(item) for item in require_list("kinds", values["kinds"]))
        return super().from_dict({**values, "kinds": kinds})


def kind_states(number: int) -> str:
    """Name of the memory of the states of a kind, where READ names it."""
    return f"states_{number}"


def history_bits(machine: Machine) -> int:
    """Bits that are kept of a source: codes of as many steps as synapses may name."""
    if not machine.neurons.code_depth:
        return 0
    return machine.synapses.taps * machine.neurons.code_bits


def state_memory_bits(machine: Machine) -> int:
    """Bits that a network keeps from step to step: states of neurons, and past codes."""
    neurons = machine.neurons
    groups = sum(kind.groups * kind.state_bits for kind in neurons.kinds)
    return neurons.lanes * (groups + neurons.code_depth * history_bits(machine))


def group_lanes(machine: Machine) -> int:
    """Groups of neurons in a group of accumulators."""
    return machine.synapses.lanes // machine.neurons.lanes
