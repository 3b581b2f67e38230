"""What a board will do with a model, without synthesis."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

from sterna.compiler.fit import Embedding
from sterna.machine.machine import Machine
from sterna.program.definition import Program

from sterna_boards.board import Board
from sterna_boards.estimate.area import estimate_area, expected_mhz
from sterna_boards.estimate.memory_map import (
    memory_map,
    total_block_rams,
    total_single_port_rams,
)
from sterna_boards.estimate.on_chip import OnChipMemory
from sterna_boards.estimate.speed import Speed, speed
from sterna_boards.estimate.work import own_machine, work_on

ROUTABLE = 0.92
"""Share of the look-up tables up to which a design is expected to be routed: the fullest measured
one takes 91.4 % of a Tang Nano 9K, and meets its clock."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Expected area and speed of a model on a board; one object for `--json`."""

    board: str
    device: str
    model: str
    machine: Machine
    clock_mhz: float
    expected_mhz: float | None
    """Clock that a build is expected to reach, see `sterna_boards.estimate.area.expected_mhz`."""
    fits: bool
    short: tuple[str, ...]
    """What there is not enough of, one clause each."""
    embedding: str | None
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
    """What is loaded into the memories before the first RUN."""
    speed: Speed

    def to_json(self) -> str:
        """The estimate as one JSON object; the rates stand beside the others."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values |= {"memories": [asdict(memory) for memory in self.memories], **self.speed.named()}
        del values["speed"], values["machine"]
        if self.embedding is None:
            del values["embedding"]
        values["configuration"] = self.machine.to_dict()
        return json.dumps(values)


def estimate(board: Board, program: Program, machine: Machine | None = None,
             embedding: Embedding = "auto", clock_hz: float | None = None) -> Estimate:
    """What the program takes of the board and how fast it runs there.

    ``machine`` gives the shape, by default the board's own; depths that it leaves open become
    those that the program needs. Raises `InputError` for a program that the machine cannot execute,
    and for weights from a memory that the board does not have.
    """
    base = board.with_rate(machine or own_machine(board, program))
    board.check_weight_source(base)
    work = work_on(board, program, base, embedding)
    fitted, clock = work.machine, clock_hz or board.clock_of(work.machine)
    memories = memory_map(board.family, fitted, work.used)
    area = estimate_area(board.family, fitted)
    rams = total_block_rams(board.family, fitted, memories)
    single_port = total_single_port_rams(memories)
    short = shortages(board, area.luts, rams, area.dsps, single_port)
    return Estimate(
        board=board.name, device=board.device, model=program.name, machine=fitted,
        clock_mhz=clock / 1e6, expected_mhz=expected_mhz(board.family, fitted, area.luts),
        fits=not short, short=short, embedding=work.embedding, memories=tuple(memories),
        lanes=work.lanes, luts=area.luts, luts_per_lane=area.luts / work.lanes,
        ffs=area.ffs, block_rams=rams, single_port_rams=single_port, dsps=area.dsps,
        units=area.units, image_bytes=work.image_bytes,
        speed=speed(work.unit, board.cycles(fitted, work.cycles, work.fetched, clock), clock,
                    work.link_bytes, fitted.link.baud, board.answer_pause(fitted)),
    )


def shortages(board: Board, luts: int, block_rams: int, dsps: int,
              single_port_rams: int) -> tuple[str, ...]:
    """What the board has not enough of, one clause each."""
    there = board.capacity
    wanted = (("look-up tables", luts, int(ROUTABLE * there.luts)),
              ("block RAMs", block_rams, there.block_rams), ("DSPs", dsps, there.dsps),
              ("single-port RAMs", single_port_rams, there.single_port_rams))
    return tuple(f"{count} of {most} {name}" for name, count, most in wanted if count > most)
