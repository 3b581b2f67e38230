"""What a board will do with a model, without synthesis."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from sterna.compiler.cycles import estimate_cycles
from sterna.compiler.fit import (
    Embedding,
    fit_configuration,
    placement_for,
    requirements,
    row_groups,
)
from sterna.compiler.schedule import schedule
from sterna.errors import InputError
from sterna.law.arithmetic import TABLE_SEGMENTS
from sterna.law.planes import full, reach, signed_bits
from sterna.machine.configuration import HardwareConfiguration
from sterna.machine.protocol import Space, word_chunks
from sterna.program.definition import Program

from sterna_boards.board import Board
from sterna_boards.estimate.area import estimate_area, expected_mhz
from sterna_boards.estimate.memory_map import (
    memory_map,
    total_block_rams,
    total_single_port_rams,
)
from sterna_boards.estimate.on_chip import OnChipMemory
from sterna_boards.estimate.speed import Speed, link_bytes, speed

ROUTABLE = 0.92
"""Share of the look-up tables up to which a design is expected to be routed: the fullest measured
one takes 91.4 % of a Tang Nano 9K, and meets its clock."""
_SPACES = {
    Space.WEIGHTS: ("weights", "weight_depth"), Space.CONSTANTS: ("constants", "constant_depth"),
    Space.INPUT: ("input rows", "input_depth"), Space.PROGRAM: ("program", "program_depth"),
}
"""Name in the memory map and field of the configuration."""
_MOST_LANES = 4096


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Expected area and speed of a model on a board; one object for `--json`."""

    board: str
    device: str
    model: str
    configuration: HardwareConfiguration
    clock_mhz: float
    expected_mhz: float | None
    """Clock that a build is expected to reach, see `sterna_boards.estimate.area.expected_mhz`."""
    fits: bool
    short: tuple[str, ...]
    """What there is not enough of, one clause each."""
    embedding: str
    """Where the embedding rows are: on the chip, or with the host, which sends one a token."""
    memories: tuple[OnChipMemory, ...]
    lanes: int
    luts: int
    luts_per_lane: float
    ffs: int
    block_rams: int
    single_port_rams: int
    dsps: int
    units: dict[str, int]
    """Look-up tables by unit."""
    image_bytes: int
    """What is loaded into the memories before the first token."""
    speed: Speed

    def to_json(self) -> str:
        """The estimate as one JSON object; those of the speed stand beside the others."""
        values = asdict(self)
        values |= values.pop("speed")
        values["configuration"] = json.loads(self.configuration.to_json())
        return json.dumps(values)


def estimate(board: Board, program: Program, configuration: HardwareConfiguration | None = None,
             embedding: Embedding = "auto", clock_hz: float | None = None) -> Estimate:
    """What the program takes of the board and how fast it runs there.

    ``configuration`` gives the shape, by default the board's own; its depths become those that the
    program needs. Raises `InputError` for a program that the accelerator cannot execute, and for
    weights from a memory that the board does not have.
    """
    clock_hz = clock_hz or board.clock_hz
    base = board.with_rate(configuration or board.configuration())
    board.check_weight_source(base)
    fitted = fit_configuration(program, base, embedding)
    placement = placement_for(program, base, embedding)
    plan = schedule(program, fitted)
    needed = requirements(program, fitted, plan, placement)
    used = {name: needed[field] for name, field in _SPACES.values()}
    used |= {"vectors and state": needed["vector_depth"],
             "tables": TABLE_SEGMENTS * needed["tables"]}
    memories = memory_map(board.family, fitted, used)
    area = estimate_area(board.family, fitted)
    rams = total_block_rams(board.family, fitted, memories)
    words = {space: used[name] for space, (name, _) in _SPACES.items()}
    words[Space.TABLES] = used["tables"]
    if placement == "host":
        words[Space.INPUT] = 0
    cycles = estimate_cycles(plan, fitted).cycles
    fetched = used["weights"] * fitted.weight_bytes
    cycles = max(cycles, board.memory_cycles(fitted.weight_source, fetched, clock_hz))
    line = link_bytes(fitted, placement, row_groups(program, fitted))
    single_port = total_single_port_rams(memories)
    short = shortages(board, area.luts, rams, area.dsps, single_port)
    return Estimate(
        board=board.name, device=board.device, model=program.name, configuration=fitted,
        clock_mhz=clock_hz / 1e6, expected_mhz=expected_mhz(board.family, area.luts),
        fits=not short, short=short, embedding=placement,
        memories=tuple(memories), lanes=fitted.lanes, luts=area.luts,
        luts_per_lane=area.luts / fitted.lanes, ffs=area.ffs, block_rams=rams,
        single_port_rams=single_port, dsps=area.dsps, units=area.units,
        image_bytes=sum(4 * word_chunks(fitted, space) * count for space, count in words.items()),
        speed=speed(cycles, clock_hz, line, fitted.baud),
    )


def shortages(board: Board, luts: int, block_rams: int, dsps: int,
              single_port_rams: int) -> tuple[str, ...]:
    """What the board has not enough of, one clause each."""
    there = board.capacity
    wanted = (("look-up tables", luts, int(ROUTABLE * there.luts)),
              ("block RAMs", block_rams, there.block_rams), ("DSPs", dsps, there.dsps),
              ("single-port RAMs", single_port_rams, there.single_port_rams))
    return tuple(f"{count} of {most} {name}" for name, count, most in wanted if count > most)


_UNFITTED = 1.2
"""How much larger than fitted to a program a shape may be, before it is left out unseen."""


def choose_lanes(board: Board, program: Program, base: HardwareConfiguration,
                 lanes: int | None = None, embedding: Embedding = "auto",
                 clock_hz: float | None = None) -> HardwareConfiguration:
    """The largest engine that fits the board and meets the clock, or of ``lanes`` the fastest.

    Rows and columns are chosen, everything else is that of ``base``; the clock is the board's own
    when not given. What clock an engine meets is `sterna_boards.estimate.area.expected_mhz`, fitted
    to the measured builds; on a family without builds only the area counts. Raises `InputError`
    when no engine fits and meets the clock, or none has so many lanes.
    """
    wanted_mhz = (clock_hz or board.clock_hz) / 1e6
    shapes: dict[int, list[HardwareConfiguration]] = {}
    for shape in _shapes(base):
        if lanes is None or shape.lanes == lanes:
            shapes.setdefault(shape.lanes, []).append(shape)
    if not shapes:
        raise InputError(
            f"lanes: {lanes} are not rows (a multiple of {base.vector_lanes}) times columns of "
            f"{base.lane}; give another number, or --rows and --columns")
    for count in sorted(shapes, reverse=True):
        likely = [shape for shape in shapes[count] if lanes or not shortages(
            board, int(estimate_area(board.family, shape).luts / _UNFITTED), 0, 0, 0)]
        found = [estimate(board, program, shape, embedding, clock_hz) for shape in likely]
        fitting = [one for one in found if lanes or (
            one.fits and (one.expected_mhz is None or one.expected_mhz >= wanted_mhz))]
        if fitting:
            return min(fitting, key=lambda one: one.speed.cycles_per_token).configuration
    raise InputError(
        f"{board.name}: no engine fits and reaches {wanted_mhz:g} MHz with vector_lanes = "
        f"{base.vector_lanes}; give fewer, a slower clock or a smaller model")


def _shapes(base: HardwareConfiguration) -> list[HardwareConfiguration]:
    """Engines of common shapes, up to `_MOST_LANES`."""
    shapes = []
    columns = 3 * base.vector_lanes if base.lane == "tables" else max(2, base.vector_lanes)
    while columns <= _MOST_LANES // base.vector_lanes:
        code_depth = -(-base.code_depth // columns) * columns
        for multiple in (1, 2, 3, 4, 6, 8, 12, 16):
            rows = multiple * base.vector_lanes
            if rows <= 2 * columns and rows * columns <= _MOST_LANES:
                shapes.append(replace(base, rows=rows, columns=columns, code_depth=code_depth,
                                      accumulator_bits=signed_bits(reach(full(code_depth)))))
        columns *= 2
    return shapes
