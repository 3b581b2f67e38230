"""Options of spiking transformers: what a checkpoint does not say of its model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sterna.families.spiking_transformer.names import CHECKPOINTS, TRANSFORMERS
from sterna.options import option


@dataclass(frozen=True)
class Images:
    """What images are, and how many heads attention has."""

    owner: ClassVar[str] = CHECKPOINTS
    image_size: int = option(224, "rows and columns of an image (224).", least=16, most=512)
    heads: int = option(8, "heads of attention (8).", least=1, most=1024)


@dataclass(frozen=True)
class Calibrate:
    """What the reach of maps between convolutions is taken from."""

    owner: ClassVar[str] = CHECKPOINTS
    calibrate: Path | None = option(
        None, "frames [steps, samples, channels, rows, columns] (.npz, .npy) whose maps say what "
        "codes stand for, instead of random ones.", metavar="FRAMES", reads=True)


@dataclass(frozen=True)
class Samples:
    """How many images are compared, or classified."""

    owner: ClassVar[str] = TRANSFORMERS
    samples: int = option(16, "random images (16), or samples of a model's task (500); of --data "
                          "the first ones, usually all.", least=1, most=10**4)
