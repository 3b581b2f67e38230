"""What a board will do with a spiking network, without synthesis."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from sterna.compiler.spiking.cycles import step_cycles
from sterna.compiler.spiking.fit import fit_spiking
from sterna.compiler.spiking.image import compile_network
from sterna.machine.protocol import CHUNK_BITS, Space, word_bits, word_depth
from sterna.machine.spiking_configuration import RESULT_BITS, SpikingConfiguration
from sterna.program.definition import Program

from sterna_boards.board import Board
from sterna_boards.estimate.area import AreaEstimate, estimate_area
from sterna_boards.estimate.memory_map import OnChipMemory
from sterna_boards.estimate.model import shortages
from sterna_boards.estimate.step_speed import StepSpeed, step_speed
from sterna_boards.network_build import board_shape
from sterna_boards.parts.block_ram import LUT_RAM_CELLS, SINGLE_PORT_BITS, block_rams


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
    memories = network_memories(board.family, fitted)
    area = estimate_area(board.family, fitted)
    rams = sum(memory.block_rams for memory in memories)
    single_port = sum(memory.single_port_rams for memory in memories)
    short = shortages(board, area.luts, rams, area.dsps, single_port)
    return NetworkEstimate(
        board=board.name, device=board.device, model=program.name, configuration=fitted,
        clock_mhz=clock / 1e6, fits=not short, short=short, memories=tuple(memories), area=area,
        block_rams=rams, single_port_rams=single_port,
        image_bytes=sum(part.words * part.size for part in image.parts.values()),
        speed=step_speed(fitted, program, step_cycles(program, fitted), clock, fitted.baud,
                         board.answer_pause(fitted)),
    )


def network_memories(family: str, configuration: SpikingConfiguration) -> list[OnChipMemory]:
    """Every memory of the accelerator, and the block RAMs that it takes."""
    lanes, width = configuration.lanes, configuration.neuron_lanes

    def memory(name: str, depth: int, bits: int) -> OnChipMemory:
        rams = block_rams(family, bits, depth, always=True)
        # Synthesis prefers look-up tables for wide memories of few words.
        cells = -(-bits // 4) * -(-depth // 16)
        shallow = cells <= LUT_RAM_CELLS.get(family, 0) * rams
        return OnChipMemory(name, depth, depth, bits, 1, 0 if shallow else rams)

    def loadable(name: str, space: Space) -> OnChipMemory:
        depth, bits = word_depth(configuration, space), word_bits(configuration, space)
        widths = [min(CHUNK_BITS, bits - start) for start in range(0, bits, CHUNK_BITS)]
        if family == "ice40" and space is Space.WEIGHTS:
            rams = sum(-(-part // SINGLE_PORT_BITS) for part in widths)
            return OnChipMemory(name, depth, depth, bits, 1, 0, rams)
        total = sum(block_rams(family, part, depth) for part in widths)
        return OnChipMemory(name, depth, depth, bits, 1, total)

    states = [
        memory(f"states {number}", max(2, unit.groups), width * unit.state_bits)
        for number, unit in enumerate(configuration.units)
    ]
    return [
        loadable("weights", Space.WEIGHTS),
        loadable("constants", Space.CONSTANTS),
        loadable("input", Space.INPUT),
        loadable("program", Space.PROGRAM),
        memory("codes", max(2, configuration.code_depth), width * configuration.history_bits),
        memory("accumulators", max(2, configuration.accumulator_depth),
               lanes * configuration.accumulator_bits),
        *states,
        memory("results", max(2, -(-configuration.outputs // width)), width * RESULT_BITS),
    ]
