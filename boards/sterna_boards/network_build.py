"""A spiking network on a board: bitstream, memory image and report in one folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sterna.compiler.spiking.cycles import step_cycles
from sterna.compiler.spiking.fit import SpikingShape, fit_spiking
from sterna.compiler.spiking.image import compile_network
from sterna.machine.image import MemoryImage
from sterna.machine.spiking_configuration import SpikingConfiguration
from sterna.program.definition import Program
from sterna.progress import Progress

from sterna_boards.board import Board
from sterna_boards.estimate.step_speed import StepSpeed, step_speed
from sterna_boards.flows.open.build import build
from sterna_boards.flows.open.designs import accelerator
from sterna_boards.flows.open.report import BuildReport

SMALL_LUTS = 12_000
"""Parts below get one neuron lane: each lane of a LIF engine has multipliers of its own."""
MULTIPLIER_BITS = {"ice40": 16}


def board_shape(board: Board) -> SpikingShape:
    """The spiking accelerator that a board gets unless another is asked for."""
    bits = MULTIPLIER_BITS.get(board.family, SpikingShape.multiplier_bits)
    if board.capacity.luts < SMALL_LUTS:
        return SpikingShape(lanes=2, neuron_lanes=1, multiplier_bits=bits)
    return SpikingShape(multiplier_bits=bits)


@dataclass(frozen=True, kw_only=True)
class NetworkBuild:
    """A bitstream, the memory image for it, and what both give."""

    report: BuildReport
    image: MemoryImage
    speed: StepSpeed
    baked: bool
    """Whether the bitstream holds the image."""

    @property
    def image_bytes(self) -> int:
        """What the memories hold before the first step, loaded or baked."""
        return sum(part.words * part.size for part in self.image.parts.values())

    def to_json(self) -> str:
        """Report and speed as one JSON object, with the configuration."""
        return json.dumps({
            **json.loads(self.report.to_json()),
            **vars(self.speed),
            "model": self.image.model,
            "image_bytes": self.image_bytes,
            "baud": self.image.configuration.baud,
            "weights": "baked" if self.baked else "link",
            "configuration": json.loads(self.image.configuration.to_json()),
        })


def build_network(board: Board, program: Program,
                  configuration: SpikingConfiguration | None = None,
                  clock_hz: float | None = None, seeds: Sequence[int] = (1,),
                  progress: Progress | None = None, baked: bool = False,
                  until_met: bool = False) -> NetworkBuild:
    """Build the accelerator for a network, by default in the board's own shape.

    ``baked`` puts the memory image into the bitstream. ``seeds`` and ``until_met`` are those of
    `sterna_boards.flows.open.build.build`. Whether timing is met
    is in the report; its errors are raised here too.
    """
    fitted = board.with_rate(configuration or fit_spiking(program, board_shape(board)))
    image = compile_network(program, fitted)
    design = accelerator(board, fitted, clock_hz, image if baked else None)
    report = build(board, design, seeds, progress, until_met)
    speed = step_speed(fitted, program, step_cycles(program, fitted), report.clock_mhz * 1e6,
                       fitted.baud, board.answer_pause(fitted))
    return NetworkBuild(report=report, image=image, speed=speed, baked=baked)
