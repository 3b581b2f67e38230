"""A program on a board: estimated, built, and written for who builds elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sterna_boards.board import Board
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.limits import check_possible
from sterna_boards.estimate.model import Estimate
from sterna_boards.estimate.model import estimate as estimate_board
from sterna_boards.estimate.on_chip import OnChipMemory
from sterna_boards.estimate.speed import Speed, round_trips
from sterna_boards.estimate.work import work_on
from sterna_boards.options import Baud

from sterna.compiler.compile import compile_program
from sterna.compiler.placement import PlacedObject, placed_objects
from sterna.compiler.rows import Embedding
from sterna.families.family import Exported
from sterna.families.placed import placed_rows
from sterna.families.requests import (
    BuildRequest,
    EstimateRequest,
    ExportRequest,
    ReportRequest,
)
from sterna.host.transport import DEFAULT_BAUD
from sterna.machine.machine import Machine, with_rate
from sterna.machine.memory import memory_bytes
from sterna.machine.row_memory import row_bytes
from sterna.options import Group
from sterna.program.definition import Program
from sterna.progress import Report
from sterna.shown import Shown

if TYPE_CHECKING:
    from sterna_boards.estimate.search import Found
    from sterna_boards.model_build import ModelBuild

    from sterna.families.model import ProgramModel

Rows = list[str | tuple[str, object]]


class BoardOptions(Group, Protocol):
    """The options of a command about a machine on a board."""

    @property
    def place(self) -> Embedding:
        """Where embedding rows are. Raises `InputError` for another word."""
        ...

    @property
    def baked(self) -> bool:
        """Whether the bitstream has the weights. Raises `InputError` where they cannot be."""
        ...

    def linked(self, board: Board) -> Board:
        """The board with the link that is asked for. Raises `InputError` where there is none."""
        ...

    def clock_on(self, board: Board, machine: Machine) -> float | None:
        """The wanted clock, None for the board's own."""
        ...

    def machine(self, board: Board, program: Program) -> Machine:
        """The machine: what the options say, and else what the board gets. Raises `InputError`."""
        ...

    def searched(self, board: Board, program: Program) -> tuple[Machine, Found | None]:
        """The same, and what was found on the way if it was searched for."""
        ...

    @classmethod
    def usual_axes(cls, board: Board) -> Mapping[str, Sequence[Any]]:
        """Values of options that a sweep tries on a board unless others are asked for."""
        ...

    @classmethod
    def nearest(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """The nearest values of the `usual_axes` that go together."""
        ...


@dataclass(frozen=True, repr=False)
class BoardEstimate(Shown):
    """A model on a board, and where its objects lie, if they are not all in one memory."""

    board: Board
    found: Estimate
    objects: tuple[PlacedObject, ...]
    front: Found | None = None
    """What ``--lanes auto`` found."""

    def to_dict(self) -> dict[str, object]:
        objects = {"objects": [asdict(entry) for entry in self.objects]} if self.objects else {}
        front = {} if self.front is None else {"front": self.front.rows()}
        return loads(self.found.to_json()) | objects | front

    def text(self) -> Rows:
        found, machine, there = self.found, self.found.machine, self.board.capacity
        lanes = ", ".join(unit.shape for unit in reversed(machine.units) if unit.shape)
        return [
            ("model", found.model),
            ("board", f"{self.board.title}, {self.board.device}"),
            ("fits", "yes" if found.fits else f"no: {'; '.join(found.short)}"),
            ("clock", f"{found.clock_mhz:g} MHz wanted" + (
                "" if found.expected_mhz is None else f", {found.expected_mhz:.0f} MHz expected")),
            ("lanes", f"{found.lanes}, {lanes}"),
            ("look-up tables",
             f"{found.luts} of {there.luts}, {found.luts_per_lane:.1f} a lane"),
            ("flip-flops", found.ffs),
            ("block RAMs", f"{found.block_rams} of {there.block_rams}"),
            ("DSPs", f"{found.dsps} of {there.dsps}"),
            *placed_rows(list(self.objects)),
            *((f"  {memory.name}", _words(memory)) for memory in found.memories),
            (f"cycles per {found.speed.unit}", _cycles(found.speed, machine)),
            (f"{found.speed.unit}s per second",
             f"{found.speed.a_second:.1f} at {found.clock_mhz:g} MHz"),
            *_together(found.speed),
            ("over the link", over_link(found.speed, machine)),
            *([] if found.embedding is None or machine.generates is not None else [
                ("  with --generate", "the board feeds itself, and waits for no link")]),
            *([] if self.front is None else [
                ("front", f"of {self.front.seen} machines; look-up tables, rates, shape"),
                *map(_point, self.front.front)]),
        ]


@dataclass(frozen=True)
class BoardBuild:
    """A bitstream and its image, and what both give."""

    board: Board
    built: ModelBuild

    def to_dict(self) -> dict[str, object]:
        return loads(self.built.to_json())

    def text(self, bitstream: Path) -> Rows:
        report, there, speed = self.built.report, self.board.capacity, self.built.speed
        machine = self.built.image.machine
        clocks = ", ".join(f"{clock:.1f}" for clock in report.seeds.values())
        rams = f", {report.single_port_rams} single-port RAMs" if report.single_port_rams else ""
        return [
            ("board", f"{self.board.title}, {report.device}"),
            ("bitstream", bitstream),
            ("timing", f"met: {report.fmax_mhz:.1f} MHz of {report.clock_mhz:g} MHz wanted "
                       f"(seeds: {clocks})"),
            ("lanes", report.lanes),
            ("look-up tables",
             f"{report.luts} of {there.luts}, {report.luts_per_lane:.1f} a lane"),
            ("flip-flops", report.ffs),
            ("block RAMs", f"{report.block_rams} of {there.block_rams}{rams}"),
            ("DSPs", f"{report.dsps} of {there.dsps}"),
            ("memory image", f"{self.built.image_bytes} bytes, " + (
                "in the bitstream" if self.built.baked else "for the driver to load")),
            *_sdram(machine),
            (f"{speed.unit}s per second",
             f"{speed.a_second:.1f}: {_cycles(speed, machine, f'cycles a {speed.unit}')}"),
            *_together(speed),
            ("over the link", over_link(speed, machine)),
        ]


def estimate(model: ProgramModel, request: EstimateRequest | ReportRequest, board: Board
             ) -> BoardEstimate:
    """What the program takes of the board, and how fast it is there."""
    options = request.options.take(model.board_options)
    board = options.linked(board)
    if options.baked:
        board.check_baked()
    machine, front = options.searched(board, model.lowered)
    found = estimate_board(board, model.lowered, machine, options.place,
                           options.clock_on(board, machine))
    objects = () if found.embedding is None else tuple(
        placed_objects(model.lowered, found.machine, found.embedding))
    return BoardEstimate(board, found, objects, front)


def build(model: ProgramModel, request: BuildRequest, board: Board, report: Report) -> BoardBuild:
    """Build the machine that the options ask for."""
    options = request.options.take(model.board_options)
    board = options.linked(board)
    if options.baked:
        board.check_baked()
    from sterna_boards.model_build import build_model  # and with it the generator

    machine = options.machine(board, model.lowered)
    return BoardBuild(board, build_model(
        board, model.lowered, machine, options.place,
        options.clock_on(board, machine), progress=report, baked=options.baked,
        seeds=request.placements, until_met=request.until_met, host=model.host_side(),
        workers=request.workers, on=request.on))


def export(model: ProgramModel, request: ExportRequest, report: Report) -> Exported:
    """The machine and the memory image; with a board in the shape of the board, if it fits."""
    report("packing the memory image", 0, 1)
    clock_hz: float | None = None
    if request.board is None:
        machine, place = model.shaped(request)
        check_possible(machine)
        machine = with_rate(machine, DEFAULT_BAUD, request.options.take(Baud).rate or None)
        image = compile_program(model.lowered, machine, place)
    else:
        options, board = request.options.take(model.board_options), find_board(request.board)
        work = work_on(board, model.lowered, options.machine(board, model.lowered), options.place)
        work.require_fit(board, model.lowered)
        machine, image = work.machine, work.image
        clock_hz = options.clock_on(board, machine)
    return Exported(machine, replace(image, host=model.host_side() or image.host),
                    {"embedding": image.placement} if image.rows else {}, clock_hz)


def _point(found: Estimate) -> tuple[str, object]:
    machine, speed = found.machine, found.speed
    ternary = machine.ternary
    return (f"  {found.luts}", f"{speed.a_second_over_link:.2f} {speed.unit}s per second over the "
            f"link, {speed.a_second:.1f} at {found.clock_mhz:g} MHz: {ternary.rows} rows of "
            f"{ternary.columns} {ternary.lane}, {machine.vector.lanes} vector lanes, "
            f"{machine.head.head_words} words of the head, {ternary.block_groups} groups a block, "
            f"weights {machine.memory_name}, embedding {found.embedding}")


def _words(memory: OnChipMemory) -> str:
    used = "" if memory.used == memory.depth else f"{memory.used} of "
    copies = f", {memory.copies} copies" if memory.copies > 1 else ""
    rams = (f"{memory.single_port_rams} single-port RAMs" if memory.single_port_rams
            else f"{memory.large_rams} RAMs of 288 kbit" if memory.large_rams
            else f"{memory.block_rams} block RAMs")
    return f"{used}{memory.depth} words of {memory.bits} bits{copies}, {rams}"


def _cycles(speed: Speed, machine: Machine, what: str = "") -> str:
    silent = " if no source is silent" if any(unit.skips for unit in machine.units) else ""
    return f"{speed.cycles:.0f}{' ' if what else ''}{what}{silent}"


def over_link(speed: Speed, machine: Machine) -> str:
    """The rate at the user's end, and what of the link it counts."""
    return (f"{speed.a_second_over_link:.1f} {speed.unit}s per second: {speed.link_bytes:g} bytes "
            f"a {speed.unit} at {machine.link.baud} bit/s, "
            f"{round_trips(speed.round_trips, speed.unit, speed.latency)}")


def _together(speed: Speed) -> Rows:
    """The sum of several token streams."""
    if speed.streams == 1:
        return []
    return [("all streams", f"{speed.streams * speed.a_second:.1f} {speed.unit}s per second, "
                            f"{speed.streams * speed.a_second_over_link:.1f} over the link")]


def _sdram(machine: Machine) -> Rows:
    part = machine.driven
    if part is None:
        return []
    read = [f"{memory_bytes(machine)} bytes of weights a token"] if machine.memory.outside else []
    if machine.row_memory.outside:
        read.append(f"{row_bytes(machine)} bytes of embedding rows")
    return [("SDRAM", ", ".join((part.name, *read)))]
