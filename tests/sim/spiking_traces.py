"""A spiking accelerator that is the golden network, with trace ports; its answers can be spoilt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sterna.compiler.spiking.plan import groups_of, unit_key
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.integers import SpikingNetwork
from sterna.host.spiking_device import SpikingStep
from sterna.law.neuron import Output


@dataclass
class Shown:
    """What a step shows: neurons by population and kind of value, and the result.

    ``dropped`` names a population and a kind whose last group of neurons does not reach the trace
    port, or comes twice with ``repeated``.
    """

    values: dict[str, dict[str, np.ndarray]]
    outputs: np.ndarray
    dropped: tuple[str, str] | None = None
    repeated: tuple[str, str] | None = None


Fault = Callable[[int, Shown], None]
"""Given the number of a step and what it shows, spoils that."""


def no_fault(step: int, shown: Shown) -> None:
    """All is well."""


@dataclass
class TracedNetwork:
    """Stands for the simulated board and for the device behind its link."""

    network: SpikingNetwork
    machine: Any
    fault: Fault = no_fault
    steps: int = 0
    shown: list[Shown] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._golden = GoldenNetwork(self.network)

    def load(self, *arguments: object) -> None:
        """Nothing has to be loaded."""

    def reset(self) -> None:
        """All state to 0."""
        self._golden.reset()

    def step(self, codes: np.ndarray) -> SpikingStep:
        """One step, spoilt by the fault."""
        outputs = self._golden.step(codes[None])
        values = {name: {kind: value[0].copy() for kind, value in kinds.items()}
                  for name, kinds in self._golden.values.items()}
        shown = Shown(values, outputs[self.network.output][0].copy())
        self.fault(self.steps, shown)
        self.steps += 1
        self.shown.append(shown)
        return SpikingStep(shown.outputs)

    def collect_words(self) -> list[np.ndarray]:
        """The words of every trace port since the last call."""
        ports = []
        for unit in self.machine.neurons.kinds:
            kinds = (["sum"], ["output"], list(unit.definition.states))
            for kind in kinds:
                words = []
                for shown in self.shown:
                    for item in self.network.populations:
                        key = unit_key(item.definition, self.machine.synapses.accumulator_bits)
                        if key == unit.definition:
                            words += self._port(shown, item.name, kind, key)
                ports.append(np.array(words, np.uint32))
        self.shown = []
        return ports

    def _port(self, shown: Shown, name: str, kind: list[str], definition: Any) -> list[int]:
        """Words of 32 bits of a population's groups: a valid bit, then lane by lane."""
        lanes, values = self.machine.neurons.lanes, shown.values[name]
        spikes = definition.max_count.bit_length()
        widths = {"sum": self.machine.synapses.accumulator_bits,
                  "output": spikes if definition.output is Output.SPIKE
                  else definition.membrane_bits}
        groups = []
        for first in range(0, groups_of(len(values["sum"]), lanes) * lanes, lanes):
            word, place = 1, 1
            for neuron in range(first, first + lanes):
                for field_name in kind:
                    width = widths.get(field_name) or definition.state_bits(field_name)
                    there = neuron < len(values[field_name])
                    value = int(values[field_name][neuron]) if there else 0
                    word |= (value & ((1 << width) - 1)) << place
                    place += width
            chunks = -(-place // 32)
            groups.append([word >> 32 * chunk & 0xFFFF_FFFF for chunk in range(chunks)])
        if shown.dropped is not None and shown.dropped[0] == name and shown.dropped[1] in kind:
            groups.pop()
        if shown.repeated is not None and shown.repeated[0] == name and shown.repeated[1] in kind:
            groups.append(groups[-1])
        return [word for group in groups for word in group]

    def close(self) -> None:
        """Nothing to free."""


def replace_device(monkeypatch: Any, network: SpikingNetwork, fault: Fault) -> None:
    """Let `sterna_sim.spiking` simulate, and talk to, a `TracedNetwork`."""
    monkeypatch.setattr(
        "sterna_sim.spiking.SimulatedBoard",
        lambda machine, **options: TracedNetwork(
            network, machine.having(trace=True), fault))
    monkeypatch.setattr("sterna_sim.spiking.StepBoard", lambda board, name: board)
