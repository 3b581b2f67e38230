"""What a board will do with a spiking network, without synthesis."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from sterna.compiler.spiking.cycles import step_cycles
from sterna.compiler.spiking.fit import fit_spiking
from sterna.compiler.spiking.image import compile_network
from sterna.machine.spiking_configuration import SpikingConfiguration
from sterna.program.definition import Program

from sterna_boards.board import Board
from sterna_boards.estimate.area import AreaEstimate, estimate_area
from sterna_boards.estimate.memory_map import (
    memory_map,
    total_block_rams,
    total_single_port_rams,
)
from sterna_boards.estimate.model import shortages
from sterna_boards.estimate.on_chip import OnChipMemory
from sterna_boards.estimate.step_speed import StepSpeed, step_speed
from sterna_boards.network_build import board_shape


@dataclass(frozen=True, kw_only=True)
class NetworkEstimate:
    """Expected area and speed of a network on a board; one object for `--json`."""

    board: str
    device: str
    model: str
    configuration: SpikingConfiguration
    clock_mhz: float
    fits: bool
    short: tuple[str, ...]
    """What there is not enough of, one clause each."""
    memories: tuple[OnChipMemory, ...]
    area: AreaEstimate
    block_rams: int
    single_port_rams: int
    image_bytes: int
    """What is loaded into the memories before the first step."""
    speed: StepSpeed

    def to_json(self) -> str:
        """The estimate as one JSON object; area and speed stand beside the others."""
        values = asdict(self)
        values |= values.pop("speed") | values.pop("area")
        values["configuration"] = json.loads(self.configuration.to_json())
        return json.dumps(values)


def estimate_network(board: Board, program: Program,
                     configuration: SpikingConfiguration | None = None,
                     clock_hz: float | None = None) -> NetworkEstimate:
    """What the network takes of the board and how fast it runs there, if no source is silent.

    Raises `InputError` for a network that no accelerator executes.
    """
    fitted = board.with_rate(configuration or fit_spiking(program, board_shape(board)))
    clock = clock_hz or board.clock_of(fitted)
    image = compile_network(program, fitted)
    memories = memory_map(board.family, fitted, {})
    area = estimate_area(board.family, fitted)
    rams = total_block_rams(board.family, fitted, memories)
    single_port = total_single_port_rams(memories)
    short = shortages(board, area.luts, rams, area.dsps, single_port)
    return NetworkEstimate(
        board=board.name, device=board.device, model=program.name, configuration=fitted,
        clock_mhz=clock / 1e6, fits=not short, short=short, memories=tuple(memories), area=area,
        block_rams=rams, single_port_rams=single_port,
        image_bytes=sum(part.words * part.size for part in image.parts.values()),
        speed=step_speed(fitted, program, step_cycles(program, fitted), clock, fitted.baud,
                         board.answer_pause(fitted)),
    )
