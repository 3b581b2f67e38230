"""Options that say what a spiking network takes: a file, its fraction bits; else random inputs."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sterna.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sterna.families.spiking.integers import SpikingNetwork

INPUT_FILE = typer.Option(
    None, "--input", metavar="FILE",
    help="Spiking networks: frames (.npz, .npy) or lines of step,address; else random inputs.",
)
INPUT_FRACTION = typer.Option(
    None, "--input-fraction",
    help="Spiking networks: fraction bits of real-valued inputs; else those that suit the file.",
)
ALLOW_ROUNDING = typer.Option(
    False, "--allow-rounding",
    help="Spiking networks: go on when half of the inputs are rounded or clamped.",
)
RATE = 0.2


@dataclass(frozen=True)
class TakenInputs:
    """The network that takes the inputs, and their codes [steps, batch, inputs]."""

    network: SpikingNetwork
    codes: NDArray[np.int64]


@dataclass(frozen=True)
class InputOptions:
    """The options of a command."""

    source: Path | None = None
    fraction: int | None = None
    allow_rounding: bool = False

    def refuse(self) -> None:
        """Raise `InputError` if one is given, which a language model does not have."""
        for name, given in (("--input", self.source is not None),
                            ("--input-fraction", self.fraction is not None),
                            ("--allow-rounding", self.allow_rounding)):
            if given:
                raise InputError(f"{name}: is for spiking networks")

    def take(self, network: SpikingNetwork, steps: int, seed: int, fixed: bool) -> TakenInputs:
        """The inputs of the file, or random ones, and the network in the fraction they need.

        That of the option, else the network's own if it was imported with one, or holds every
        input, or the accelerator is `fixed`; else the one that suits the file. What is rounded or
        clamped is told on standard error. Raises `InputError` when half of the inputs are.
        """
        from sterna.families.spiking.codes import encode, fraction_for, random_inputs
        from sterna.families.spiking.input_file import read_input
        from sterna.families.spiking.scale import with_input_fraction

        if self.source is None:
            if self.fraction is not None:
                network = with_input_fraction(network, self.fraction)
            frames = random_inputs(network, steps, 1, RATE, seed)
            return TakenInputs(network, encode(frames, network.input_fraction).codes)
        frames = read_input(self.source, network.inputs)
        own, best = network.input_fraction, fraction_for(frames)
        fraction, reason = self.fraction, "--input-fraction"
        if fraction is None:
            keep = own or fixed or encode(frames, own).exact
            fraction, reason = (own, "the model's") if keep else (best, "from the data")
        encoded = encode(frames, fraction)
        if not encoded.exact and not self.allow_rounding:
            encoded.check(str(self.source), reason, best)
        if not encoded.exact or fraction != own:
            print(f"{self.source}: input fraction {fraction} ({reason}), {encoded.summary()}",
                  file=sys.stderr)
        return TakenInputs(with_input_fraction(network, fraction), encoded.codes)


def wide_enough(code_bits: int | None, codes: NDArray[np.int64]) -> int | None:
    """The width of codes to build a simulated accelerator with: as given, else what these need."""
    largest = max(int(codes.max(initial=0)), -int(codes.min(initial=0)))
    return largest.bit_length() + 1 if code_bits is None and largest > 1 else code_bits
