"""Random weights whose batch norms fit what comes, so that every population has spikes."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sterna.families.spiking.codes import random_inputs
from sterna.families.spiking_transformer.configuration import Configuration
from sterna.families.spiking_transformer.version import Version

INPUT_FRACTION, RATE = 6, 0.2
"""Of images; and the share of their values that is not 0."""
STEPS, BATCH = 4, 2


class Images:
    """What random images are made for."""

    def __init__(self, configuration: Configuration, fraction: int) -> None:
        self.inputs, self.input_fraction = inputs(configuration), fraction


def inputs(configuration: Configuration) -> int:
    """Values of an image."""
    return configuration.channels * configuration.image**2


def images(configuration: Configuration, steps: int, batch: int, seed: int,
           fraction: int = INPUT_FRACTION) -> Tensor:
    """[steps, batch, channels, rows, columns], of values that codes hold exactly."""
    return frames(configuration,
                  random_inputs(Images(configuration, fraction), steps, batch, RATE, seed))


def frames(configuration: Configuration, values: NDArray[np.float64]) -> Tensor:
    """Those of values [steps, batch, inputs], [steps, batch, channels, rows, columns]."""
    return torch.from_numpy(values).reshape(
        *values.shape[:2], configuration.channels, configuration.image, configuration.image)


def random_tensors(version: Version, configuration: Configuration, seed: int
                   ) -> dict[str, Tensor]:
    """Every tensor, in double precision; batch norms fit random images."""
    tensors = drawn(version, configuration, seed)
    version.reference(configuration, tensors, fit=True).run(
        images(configuration, STEPS, BATCH, seed))
    return tensors


def drawn(version: Version, configuration: Configuration, seed: int) -> dict[str, Tensor]:
    """Random numbers for every tensor."""
    rng = np.random.default_rng([seed, 7])
    tensors: dict[str, Tensor] = {}
    for name, shape in configuration.shapes().items():
        values = version.drawn(name, shape, tensors, rng)
        if values is None:
            values = _usual(name, shape, rng) + name.endswith(version.raised)
        tensors[name] = torch.from_numpy(values)
    return tensors


def _usual(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    if len(shape) > 1:
        return rng.normal(0, 1 / np.sqrt(np.prod(shape[1:])), shape)
    if name.endswith("weight"):  # of a batch norm
        return rng.uniform(0.8, 1.6, shape)
    return rng.normal(0.3, 0.3, shape)
