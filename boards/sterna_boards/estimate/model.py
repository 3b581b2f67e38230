"""What a board will do with a model, without synthesis."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

from sterna.compiler.fit import Embedding
from sterna.machine.machine import Machine
from sterna.program.definition import Program

from sterna_boards.board import Board
from sterna_boards.estimate.area import expected_mhz
from sterna_boards.estimate.memory_map import memory_map
from sterna_boards.estimate.multipliers import dsps_by_unit
from sterna_boards.estimate.on_chip import OnChipMemory
from sterna_boards.estimate.ram_totals import (
    block_rams_by_unit,
    total_block_rams,
    total_large_rams,
    total_single_port_rams,
)
from sterna_boards.estimate.speed import Speed
from sterna_boards.estimate.work import own_machine, work_on


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
    large_rams: int
    dsps: int
    units: dict[str, int]
    """Look-up tables by unit."""
    unit_rams: dict[str, int]
    """Memories of the chip by unit of the machine; see `block_rams_by_unit`."""
    unit_dsps: dict[str, int]
    """Multipliers by unit of the machine."""
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
    work = work_on(board, program, base, embedding)
    fitted, clock = work.machine, clock_hz or board.clock_of(work.machine)
    memories = memory_map(board.family, fitted, work.used, board.capacity.large_rams > 0)
    area = work.area
    return Estimate(
        board=board.name, device=board.device, model=program.name, machine=fitted,
        clock_mhz=clock / 1e6, expected_mhz=expected_mhz(board.family, fitted, area.luts),
        fits=not work.short, short=work.short, embedding=work.embedding, memories=tuple(memories),
        lanes=work.lanes, luts=area.luts, luts_per_lane=area.luts / work.lanes,
        ffs=area.ffs, block_rams=total_block_rams(board.family, fitted, memories),
        single_port_rams=total_single_port_rams(memories),
        large_rams=total_large_rams(memories), dsps=area.dsps,
        units=area.units, unit_rams=block_rams_by_unit(board.family, fitted, memories),
        unit_dsps=dsps_by_unit(board.family, fitted), image_bytes=work.image_bytes,
        speed=work.speed(board, clock),
    )
