"""What a network takes: a file's frames or events as codes, or random inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sterna.compiler.populations import code_bits_needed
from sterna.families.spiking.codes import encode, encode_blocks, fractions_for, random_inputs
from sterna.families.spiking.input_file import InputFile, open_input
from sterna.families.spiking.scale import with_input_fraction
from sterna.families.steps.options import Inputs, RecordedSamples, Recordings, Rounding
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.spiking.integers import SpikingNetwork
    from sterna.program.definition import Program

RATE = 0.2


@dataclass(frozen=True)
class TakenInputs:
    """The network that takes the inputs, and their codes [steps, batch, inputs]."""

    network: SpikingNetwork
    codes: NDArray[np.integer]


@dataclass(frozen=True)
class TakenOptions(Rounding, RecordedSamples, Recordings, Inputs):
    """The options of a command."""

    def take(self, network: SpikingNetwork, steps: int, seed: int, fixed: bool,
             report: Report, before: int = 0) -> TakenInputs:
        """The inputs of the file, or random ones, and the network in the fraction they need.

        ``before`` random ones of the seed are left out.

        That of the option, else the network's own if it was imported with one, or holds every
        input, or the accelerator is `fixed`; else the one that suits the file. What is rounded or
        clamped is a note of the report. Raises `InputError` when half of the inputs are.
        """
        if self.input is None:
            if self.input_fraction is not None:
                network = with_input_fraction(network, self.input_fraction)
            frames = random_inputs(network, before + steps, 1, RATE, seed)[before:]
            return TakenInputs(network, encode(frames, network.input_fraction).codes)
        file = open_input(self.input, network.inputs, report, self.binning(self.samples))
        return self.of(file, network, fixed, report)

    def of(self, file: InputFile, network: SpikingNetwork, fixed: bool, report: Report
           ) -> TakenInputs:
        """The same of inputs that are there."""
        own, found = network.input_fraction, fractions_for(file.blocks(report))
        fraction, reason = self.input_fraction, "--input-fraction"
        if fraction is None:
            keep = own or fixed or own in found.exact
            fraction, reason = (own, "the model's") if keep else (found.best, "from the data")
        encoded = encode_blocks(file.blocks(report), file.shape, fraction)
        if not encoded.exact and not self.allow_rounding:
            encoded.check(str(file.path), reason, found.best)
        if not encoded.exact or fraction != own:
            report.note(f"{file.path}: input fraction {fraction} ({reason}), {encoded.summary()}")
        return TakenInputs(with_input_fraction(network, fraction), encoded.codes)


def wide_enough(code_bits: int | None, codes: NDArray[np.integer], program: Program) -> int | None:
    """The width of codes to build a simulated accelerator with: as given, else None for what the
    program needs, or more where these codes do."""
    largest = max(int(codes.max(initial=0)), -int(codes.min(initial=0)))
    bits = largest.bit_length() + 1
    return bits if code_bits is None and bits > code_bits_needed(program) else code_bits
