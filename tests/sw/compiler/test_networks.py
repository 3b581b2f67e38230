"""The image of a spiking network: an interpreter of its words gives the golden's sums."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.compiler.populations import joints
from sterna.errors import InputError
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.integers import SpikingNetwork
from sterna.families.spiking.lowering import lower
from sterna.golden.neuron import GoldenPopulation
from sterna.machine.encoding import decode
from sterna.machine.image import MemoryImage
from sterna.machine.presets import STEP_MACHINE, step_machine
from sterna.machine.protocol import Space
from sterna.program.instructions import INPUT

from tests.hw.core.spiking_networks import random_network

SHAPE = step_machine(synapse_lanes=6, neuron_lanes=2)


def field(word: int, start: int, bits: int) -> int:
    """A signed field of a word."""
    value = word >> start & ((1 << bits) - 1)
    return value - (value >> (bits - 1) << bits)


class Execution:
    """Executes an image word by word, with golden neurons of which it knows the program alone."""

    def __init__(self, network: SpikingNetwork, image: MemoryImage) -> None:
        self.network, self.image = network, image
        self.machine = image.machine
        self.words = {space: [int.from_bytes(row.tobytes(), "little") for row in part.array()]
                      for space, part in image.parts.items()}
        self.history = np.zeros(
            (self.machine.neurons.code_depth * self.machine.neurons.lanes,
             self.machine.synapses.taps), np.int64)
        self.neurons = [GoldenPopulation(item.definition, item.parameters, item.neurons)
                        for item in network.populations]

    def step(self, codes: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """Sums of the populations in order, and the outputs that are the step's result."""
        c, lanes = self.machine, self.machine.synapses.lanes
        accumulators = np.zeros(c.synapses.accumulator_depth * lanes, np.int64)
        sums, result = [], np.zeros(0, np.int64)
        address = self.image.entries["run"]
        populations = iter(self.neurons)
        while True:
            kind, fields = decode(c, self.words[Space.PROGRAM][address])
            address += 1
            if kind == "END":
                return sums, result
            first = fields["codes"] * c.neurons.lanes
            if kind == "ACCUMULATE":
                for source in range(fields["sources"]):
                    for group in range(fields["groups"]):
                        word = self.words[Space.SYNAPSES][
                            fields["weights"] + source * fields["groups"] + group]
                        for lane in range(lanes):
                            bits = c.synapses.weight_bits
                            weight = field(word, lane * bits, bits)
                            start = lanes * c.synapses.weight_bits + lane * c.synapses.tap_bits
                            tap = word >> start & ((1 << c.synapses.tap_bits) - 1)
                            accumulators[group * lanes + lane] += (
                                weight * self.history[first + source, tap])
                continue
            if fields["unit"] == 0:
                new = codes
            else:
                population = next(populations)
                size = self.network.populations[len(sums)].neurons
                assert fields["groups"] == -(-size // c.neurons.lanes)
                sums.append(accumulators[:size].copy())
                accumulators[:] = 0
                output = population.step(sums[-1][None])
                new = population.codes(output)[0]
                if fields["result"]:
                    result = output[0]
            if fields["store"]:
                part = self.history[first:first + len(new)]
                part[:] = np.column_stack([new, part[:, :-1]])


def compiled(network: SpikingNetwork, **options: Any) -> MemoryImage:
    """The image for the machine that fits the network."""
    program = lower(network)
    return compile_program(program, fit_machine(program, STEP_MACHINE), **options)


@pytest.mark.parametrize(("seed", "delays"), [(0, 0), (1, 4), (5, 0), (6, 9)])
def test_the_program_means_the_network(seed: int, delays: int) -> None:
    """Recurrent, delayed and skipping connections, over several steps."""
    network = random_network(seed, delays)
    program = lower(network)
    machine = Execution(network, compile_program(program, fit_machine(program, SHAPE)))
    golden = GoldenNetwork(network)
    rng = np.random.default_rng(seed)
    for _ in range(12):
        codes = rng.integers(-127, 128, network.inputs) * (rng.random(network.inputs) < 0.5)
        outputs = golden.step(codes[None])
        sums, result = machine.step(codes)
        for item, values in zip(network.populations, sums, strict=True):
            assert np.array_equal(values, golden.values[item.name]["sum"][0])
        assert np.array_equal(result, outputs[network.output][0])


def test_taps_of_late_sources_are_one_less() -> None:
    """A population that is still to come has the step before as its newest codes."""
    program = lower(random_network(0))

    def tap(source: str, target: str, previous: bool) -> int:
        joint = next(joint for joint in joints(program) if (
            joint.source, joint.target.item.name, joint.synapses.previous
        ) == (source, target, previous))
        return int(joint.taps().max())

    assert tap(INPUT, "p0", False) == 0 and tap(INPUT, "p0", True) == 1
    assert tap("p3", "p0", True) == 0 and tap("p0", "p0", True) == 0
    assert tap("p1", "p2", True) == 1


def test_an_image_comes_back_from_its_file(tmp_path) -> None:
    """With the configuration of its kind."""
    network = random_network(2, 3)
    image = compiled(network)
    image.save(tmp_path / "image")
    loaded = MemoryImage.load(tmp_path / "image")
    assert loaded.machine == image.machine and loaded.entries == image.entries
    assert loaded.model_digest() == image.model_digest()


def test_skipping_is_a_bit_of_the_program() -> None:
    """The rest of the image is the same."""
    network = random_network(3)
    images = [compiled(network, skip=skip) for skip in (True, False)]
    differ = [space for space in images[0].parts if not np.array_equal(
        images[0].parts[space].array(), images[1].parts[space].array())]
    assert differ == [Space.PROGRAM]


def test_refusals() -> None:
    """Each names what does not fit and the way out."""
    network = lower(random_network(1))
    fitted = fit_machine(network, SHAPE)
    with pytest.raises(InputError, match="weight_depth = 9 must be at least"):
        compile_program(network, fitted.having(weight_depth=9))
    first, *others = fitted.neurons.kinds
    with pytest.raises(InputError, match=f"none of its {len(others)} kinds of neurons is that of"):
        compile_program(network, fitted.having(kinds=tuple(others)))
    small = replace(first, groups=first.groups - 1)
    with pytest.raises(InputError, match=f"groups of its kind 0 of neurons are {small.groups}, not "
                                         f"{first.groups}"):
        compile_program(network, fitted.having(kinds=(small, *others)))
    with pytest.raises(InputError, match="its codes need 8 bits, not 2"):
        fit_machine(network, STEP_MACHINE, wanted={"code_bits": 2})
    with pytest.raises(InputError, match="lanes = 6 must be a multiple"):
        fit_machine(network, step_machine(synapse_lanes=6, neuron_lanes=4))
