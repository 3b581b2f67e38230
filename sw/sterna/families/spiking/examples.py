"""The spiking networks that come with Sterna, built by name.

``l2mu`` is trained by ``scripts/train_spiking.py`` on `sterna.families.spiking.patterns`, and
``digits`` by ``scripts/train_frames.py`` on `sterna.families.spiking.moving_digits`; the others
have random weights at the sizes of their papers, for verification and for cycles. Sources:
spec/systems.md, S9 (L2MU), S6 (learned delays), 3.3 (ALIF, current-based LIF).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from sterna.families.spiking.moving_digits import INPUTS, SIDE
from sterna.families.spiking.network import RealConnection, RealNetwork, RealPopulation
from sterna.families.spiking.patterns import CHANNELS
from sterna.families.spiking.stateless import any_population
from sterna.files.manifest import Format, check_folder
from sterna.law.neuron import Current, Decay, NeuronDefinition, Output, Reset
from sterna.law.window import Window
from sterna.program.instructions import INPUT

TRAINED = Path(__file__).parent / "shipped" / "l2mu" / "trained.safetensors"
TRAINED_FORMAT = Format("set of trained weights", 1, "install Sterna again")
TRAINED_DIGITS = TRAINED.parent.parent / "digits" / TRAINED.name
DIGITS_SHAPES = {"conv1": (8, 2, 3, 3), "conv2": (16, 8, 3, 3), "out": (10, 256)}
DIGITS_FACTOR, DIGITS_READ_OUT_FACTOR = 0.75, 0.875
LATE = NeuronDefinition(decay=Decay.MULTIPLY, reset=Reset.SOFT_LATE)
READ_OUT = NeuronDefinition(decay=Decay.MULTIPLY, reset=Reset.NO_RESET, output=Output.MEMBRANE)
L2MU_CONNECTIONS = (
    ("e_x", INPUT, "u", False), ("e_h", "h", "u", True), ("e_m", "m", "u", True),
    ("A", "m", "m", True), ("B", "u", "m", False),
    ("W_x", INPUT, "h", False), ("W_h", "h", "h", True), ("W_m", "m", "h", False),
    ("W_o", "h", "out", False),
)
"""Weight, source, target, and whether it takes the step before."""


def l2mu() -> RealNetwork:
    """L2MU: input, memory and hidden populations of LIF neurons, all connected by spikes.

    Raises `InputError` when its file is damaged.
    """
    check_folder(TRAINED.parent, TRAINED_FORMAT, (TRAINED.name,))
    tensors = {name: value.astype(np.float64) for name, value in load_file(TRAINED).items()}
    populations = tuple(
        RealPopulation(
            name=name,
            neurons=next(tensors[w].shape[0] for w, _, to, _ in L2MU_CONNECTIONS if to == name),
            definition=READ_OUT if name == "out" else LATE,
            values={"factor": tensors[f"beta_{name}"]},
        )
        for name in ("u", "m", "h", "out")
    )
    connections = tuple(
        RealConnection(source=source, target=target, weights=tensors[name], previous=previous)
        for name, source, target, previous in L2MU_CONNECTIONS
    )
    return RealNetwork(name="l2mu", inputs=CHANNELS, populations=populations,
                       connections=connections, output="out")


def _random(
    generator: np.random.Generator, targets: int, sources: int, reach: float
) -> NDArray[np.float64]:
    return generator.normal(0.02 * reach, reach / np.sqrt(sources), (targets, sources))


def alif(seed: int = 0) -> RealNetwork:
    """A recurrent layer of adaptive neurons, as for sequential digits: 80-220-10."""
    generator = np.random.default_rng(seed)
    adaptive = NeuronDefinition(
        decay=Decay.MULTIPLY, adaptive=True, strict=False, reset=Reset.SOFT, refractory=2
    )
    hidden = RealPopulation(name="hidden", neurons=220, definition=adaptive, values={
        "factor": np.array([np.exp(-1 / 20)]),
        "adaptation_factor": np.exp(-1 / generator.uniform(50, 200, 220)),
        "increment": generator.uniform(0.05, 0.2, 220),
    })
    out = RealPopulation(name="out", neurons=10, definition=READ_OUT,
                         values={"factor": np.array([np.exp(-1 / 3)])})
    connections = (
        RealConnection(source=INPUT, target="hidden", weights=_random(generator, 220, 80, 1.5)),
        RealConnection(source="hidden", target="hidden", previous=True,
                       weights=_random(generator, 220, 220, 0.2)),
        RealConnection(source="hidden", target="out", weights=_random(generator, 10, 220, 0.2)),
    )
    return RealNetwork(name="alif", inputs=80, populations=(hidden, out),
                       connections=connections, output="out")


def cubalif(seed: int = 0) -> RealNetwork:
    """A recurrent layer of current-based neurons, as for Braille letters: 12-38-7."""
    generator = np.random.default_rng(seed)
    definition = NeuronDefinition(
        current=Current.NEW, decay=Decay.EULER, scale_drive=True, reset=Reset.SOFT_LATE
    )
    populations = tuple(
        RealPopulation(name=name, neurons=neurons, definition=definition, values={
            "factor": generator.uniform(0.05, 0.3, neurons),
            "current_factor": generator.uniform(0.5, 0.9, neurons),
        })
        for name, neurons in (("hidden", 38), ("out", 7))
    )
    connections = (
        RealConnection(source=INPUT, target="hidden", weights=_random(generator, 38, 12, 2.5)),
        RealConnection(source="hidden", target="hidden", previous=True,
                       weights=_random(generator, 38, 38, 0.3)),
        RealConnection(source="hidden", target="out", weights=_random(generator, 7, 38, 2.5)),
    )
    return RealNetwork(name="cubalif", inputs=12, populations=populations,
                       connections=connections, output="out")


def _delays(name: str, hidden: tuple[int, ...], classes: int, taps: int, tau: float) -> RealNetwork:
    generator = np.random.default_rng(0)
    inputs, hard = 140, NeuronDefinition(decay=Decay.MULTIPLY, strict=False, reset=Reset.HARD)
    populations: list[RealPopulation] = []
    connections: list[RealConnection] = []
    source, sources = INPUT, inputs
    for index, neurons in enumerate((*hidden, classes)):
        target = "out" if index == len(hidden) else f"layer{index + 1}"
        populations.append(RealPopulation(
            name=target, neurons=neurons, definition=READ_OUT if target == "out" else hard,
            values={"factor": np.array([1 - 1 / tau])},
        ))
        connections.append(RealConnection(
            source=source, target=target, weights=_random(generator, neurons, sources, 2.0),
            delays=generator.integers(0, taps, (neurons, sources)).astype(np.uint8),
        ))
        source, sources = target, neurons
    return RealNetwork(name=name, inputs=inputs, populations=tuple(populations),
                       connections=tuple(connections), output="out")


def delays() -> RealNetwork:
    """Learned delays at the size for spoken digits (SHD): 140-256-256-20, 25 taps."""
    return _delays("delays", (256, 256), 20, 25, 1.005)


def delays_ssc() -> RealNetwork:
    """Learned delays at the size for spoken commands (SSC): 140-512-512-512-35, 31 taps."""
    return _delays("delays_ssc", (512, 512, 512), 35, 31, 1.5)


def layer(inputs: int, neurons: int, seed: int = 0) -> RealNetwork:
    """One layer of any size, to measure with."""
    definition = NeuronDefinition(decay=Decay.MULTIPLY, reset=Reset.HARD)
    population = RealPopulation(name="layer", neurons=neurons, definition=definition,
                                values={"factor": np.array([0.9])})
    weights = _random(np.random.default_rng(seed), neurons, inputs, 2.0)
    return RealNetwork(
        name="layer", inputs=inputs, populations=(population,), output="layer",
        connections=(RealConnection(source=INPUT, target="layer", weights=weights),))


def digits() -> RealNetwork:
    """Two convolutions of LIF neurons, each with the maximum of 2 x 2 spikes behind it, a read-out.

    Raises `InputError` when its file is damaged.
    """
    check_folder(TRAINED_DIGITS.parent, TRAINED_FORMAT, (TRAINED_DIGITS.name,))
    tensors = {name: value.astype(np.float64) for name, value in load_file(TRAINED_DIGITS).items()}
    soft = NeuronDefinition(decay=Decay.MULTIPLY, strict=False, reset=Reset.SOFT)
    populations: list[RealPopulation] = []
    connections: list[RealConnection] = []
    source, side = INPUT, SIDE
    for name in ("conv1", "conv2"):
        outputs, channels, *_ = DIGITS_SHAPES[name]
        maps = Window(channels=channels, height=side, width=side, outputs=outputs, kernel=(3, 3),
                      padding=(1, 1, 1, 1))
        blocks = Window(channels=outputs, height=side, width=side, outputs=outputs,
                        groups=outputs, pool=(2, 2))
        populations += [
            RealPopulation(name=name, neurons=maps.targets, definition=soft,
                           values={"factor": np.array([DIGITS_FACTOR])}),
            any_population(f"{name}_max", blocks.targets)]
        connections += [
            RealConnection(source=source, target=name, weights=tensors[name], window=maps),
            RealConnection(source=name, target=f"{name}_max", weights=np.ones(blocks.shape),
                           window=blocks)]
        source, side = f"{name}_max", side // 2
    populations.append(RealPopulation(
        name="out", neurons=DIGITS_SHAPES["out"][0], definition=READ_OUT,
        values={"factor": np.array([DIGITS_READ_OUT_FACTOR])}, fraction=14))
    connections.append(RealConnection(source=source, target="out", weights=tensors["out"]))
    return RealNetwork(name="digits", inputs=INPUTS, populations=tuple(populations),
                       connections=tuple(connections), output="out")


EXAMPLES: dict[str, Callable[[], RealNetwork]] = {
    "alif": alif, "cubalif": cubalif, "delays": delays, "delays_ssc": delays_ssc,
    "digits": digits, "l2mu": l2mu,
}
