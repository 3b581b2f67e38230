"""A network on a board: estimated, built, and written where somebody else builds."""

from __future__ import annotations

from dataclasses import dataclass
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING

from sterna_boards.board import Board
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.model import Estimate
from sterna_boards.estimate.model import estimate as estimate_board
from sterna_boards.estimate.on_chip import OnChipMemory
from sterna_boards.model_build import ModelBuild, build_model
from sterna_boards.options import Baud, BoardClock, Weights
from sterna_boards.shape import step_shape

from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.errors import InputError
from sterna.families.built import built_rows
from sterna.families.family import Exported
from sterna.families.requests import BuildRequest, EstimateRequest, ExportRequest
from sterna.families.steps.options import MOST_LANES, BoardShape
from sterna.families.steps.shape import StepShape, shape_of, wanted
from sterna.host.transport import DEFAULT_BAUD
from sterna.machine.machine import Machine, with_rate
from sterna.numerals import whole
from sterna.program.definition import Program
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.steps.model import StepModel


@dataclass(frozen=True)
class OnBoard(BoardShape, BoardClock, Weights, Baud):
    """The options of a command."""

    def machine(self, board: Board, program: Program) -> Machine:
        """The accelerator: what the options say, and else what the board gets."""
        lanes = None if self.lanes is None else whole(self.lanes)
        if self.lanes is not None and (lanes is None or not 1 <= lanes <= MOST_LANES):
            raise InputError(f"lanes is {self.lanes!r}; give a whole number from 1 to {MOST_LANES}")
        usual = step_shape(board.family, board.capacity.luts)
        base = shape_of(usual, lanes, self.neuron_lanes)
        fitted = fit_machine(program, base, wanted=wanted(self.code_bits))
        return board.with_rate(fitted.having(baud=self.rate))

    @property
    def baked(self) -> bool:
        """Whether the bitstream has the weights. Raises `InputError` where they cannot be."""
        if self.source == "sdram":
            raise InputError("weights sdram: a network of time steps has its weights on the chip; "
                             "give link or baked")
        return self.source == "baked"


@dataclass(frozen=True)
class StepBuild:
    """A bitstream and its image, and what both give."""

    board: Board
    built: ModelBuild

    def to_dict(self) -> dict[str, object]:
        return loads(self.built.to_json())

    def text(self, bitstream: Path) -> list[str | tuple[str, object]]:
        return _table(self.board, self.built, bitstream)


@dataclass(frozen=True)
class StepEstimate:
    """What a network takes of a board, and how fast it is there."""

    board: Board
    found: Estimate
    failure: None = None

    def to_dict(self) -> dict[str, object]:
        return loads(self.found.to_json())

    def text(self) -> list[str | tuple[str, object]]:
        return _estimate_table(self.board, self.found)


def estimate(model: StepModel, request: EstimateRequest) -> StepEstimate:
    """Of the board that is named."""
    if request.board is None:
        raise InputError(f"{model.name}: give a --board")
    board, options = find_board(request.board), request.options.take(OnBoard)
    if options.baked:
        board.check_baked()
    machine = options.machine(board, model.lowered)
    return StepEstimate(board, estimate_board(board, model.lowered, machine,
                                              clock_hz=options.clock_hz))


def build(model: StepModel, request: BuildRequest, board: Board, report: Report) -> StepBuild:
    """Build the accelerator that the options ask for."""
    options = request.options.take(OnBoard)
    built = build_model(
        board, model.lowered, options.machine(board, model.lowered),
        clock_hz=options.clock_hz, progress=report, baked=options.baked, seeds=request.placements,
        until_met=request.until_met)
    return StepBuild(board, built)


def export(model: StepModel, request: ExportRequest, report: Report) -> Exported:
    """The machine and the memory image."""
    options = request.options
    machine = with_rate(options.take(StepShape).fitted(model.lowered), DEFAULT_BAUD,
                              options.take(Baud).rate or None)
    report("packing the memory image", 0, 1)
    return Exported(machine, compile_program(model.lowered, machine))


def _table(board: Board, built: ModelBuild, bitstream: Path) -> list[str | tuple[str, object]]:
    speed = built.speed
    return [
        *built_rows(board, built, bitstream),
        ("steps per second", f"{speed.a_second:.1f}: {speed.cycles} cycles a "
                             "step if no source is silent"),
        ("over the link", f"{speed.a_second_over_link:.1f} steps per second: "
                          f"{speed.link_bytes} bytes a step at "
                          f"{built.image.machine.link.baud} bit/s"),
    ]


def _estimate_table(board: Board, found: Estimate) -> list[str | tuple[str, object]]:
    machine, there, speed = found.machine, board.capacity, found.speed
    return [
        ("network", found.model),
        ("board", f"{board.title}, {board.device}"),
        ("fits", "yes" if found.fits else f"no: {'; '.join(found.short)}"),
        ("lanes", f"{machine.synapses.lanes}, {machine.neurons.lanes} neuron lanes, "
                  f"{len(machine.neurons.kinds)} kinds of neurons"),
        ("look-up tables", f"{found.luts} of {there.luts}"),
        ("flip-flops", found.ffs),
        ("block RAMs", f"{found.block_rams} of {there.block_rams}"),
        ("DSPs", f"{found.dsps} of {there.dsps}"),
        *((f"  {memory.name}", f"{memory.depth} words of {memory.bits} bits, {_rams(memory)}")
          for memory in found.memories),
        ("cycles per step", f"{speed.cycles} if no source is silent"),
        ("steps per second", f"{speed.a_second:.1f} at {found.clock_mhz:g} MHz"),
        ("over the link", f"{speed.a_second_over_link:.1f} steps per second: "
                          f"{speed.link_bytes} bytes a step at {machine.link.baud} "
                          "bit/s"),
    ]


def _rams(memory: OnChipMemory) -> str:
    if memory.single_port_rams:
        return f"{memory.single_port_rams} single-port RAMs"
    return f"{memory.block_rams} block RAMs"
