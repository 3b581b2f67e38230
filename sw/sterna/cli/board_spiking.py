"""What `sterna build` and `sterna estimate` do with a spiking network."""

from __future__ import annotations

from json import dumps, loads
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sterna.cli.board_options import BoardOptions
from sterna.cli.spiking import OpenSpiking
from sterna.cli.spiking_options import SpikingOptions, refuse_language_options
from sterna.cli.terminal import ProgressReport, print_table
from sterna.errors import InputError

if TYPE_CHECKING:
    from sterna_boards.board import Board
    from sterna_boards.estimate.network import NetworkEstimate
    from sterna_boards.estimate.on_chip import OnChipMemory
    from sterna_boards.network_build import NetworkBuild

    from sterna.machine.spiking_configuration import SpikingConfiguration
    from sterna.program.definition import Program


def network_configuration(board: Board, program: Program, options: BoardOptions,
                          spiking: SpikingOptions) -> SpikingConfiguration:
    """The accelerator: what the options say, and else what the board gets."""
    from dataclasses import replace

    from sterna_boards.network_build import board_shape

    from sterna.compiler.spiking.fit import fit_spiking

    refuse_language_options(rows=options.rows, columns=options.columns, lane=options.lane,
                            vector_lanes=options.vector_lanes)
    usual, lanes = board_shape(board), None
    if options.lanes is not None:
        if not options.lanes.isdecimal():
            raise InputError(f"lanes is {options.lanes!r}; give a whole number")
        lanes = int(options.lanes)
    shape = SpikingOptions(lanes, spiking.neuron_lanes, spiking.code_bits).shape(
        usual.lanes, usual.neuron_lanes)
    fitted = fit_spiking(program, replace(shape, multiplier_bits=usual.multiplier_bits))
    return board.with_rate(replace(fitted, baud=options.rate))


def build_spiking(opened: OpenSpiking, options: BoardOptions, spiking: SpikingOptions,
                  attempts: dict[str, Any], baked: bool, output: Path, sources: list[Path],
                  json: bool) -> Path:
    """Build, check timing, write the folder and tell of it; the bitstream."""
    from sterna_boards.flows.open.build import check_timing
    from sterna_boards.model_build import write_build
    from sterna_boards.network_build import build_network

    board = options.board()
    configuration = network_configuration(board, opened.program, options, spiking)
    with ProgressReport() as report:
        built = build_network(board, opened.program, configuration, options.clock_hz,
                              progress=report, baked=baked, **attempts)
    check_timing(built.report)
    bitstream = write_build(built, output, sources)
    if json:
        print(dumps({**loads(built.to_json()), "bitstream": str(bitstream)}))
    else:
        print_table(_table(board, built, bitstream))
    return bitstream


def _table(board: Board, built: NetworkBuild, bitstream: Path) -> list[tuple[str, object]]:
    report, speed, there = built.report, built.speed, board.capacity
    clocks = ", ".join(f"{clock:.1f}" for clock in report.seeds.values())
    rams = f", {report.single_port_rams} single-port RAMs" if report.single_port_rams else ""
    return [
        ("board", f"{board.title}, {report.device}"),
        ("bitstream", bitstream),
        ("timing", f"met: {report.fmax_mhz:.1f} MHz of {report.clock_mhz:g} MHz wanted "
                   f"(seeds: {clocks})"),
        ("lanes", report.lanes),
        ("look-up tables", f"{report.luts} of {there.luts}"),
        ("flip-flops", report.ffs),
        ("block RAMs", f"{report.block_rams} of {there.block_rams}{rams}"),
        ("DSPs", f"{report.dsps} of {there.dsps}"),
        ("memory image", f"{built.image_bytes} bytes, "
                         + ("in the bitstream" if built.baked else "for the driver to load")),
        ("steps per second", f"{speed.steps_per_second:.1f}: {speed.cycles_per_step} cycles a "
                             "step if no source is silent"),
        ("over the link", f"{speed.steps_per_second_over_link:.1f} steps per second: "
                          f"{speed.link_bytes_per_step} bytes a step at "
                          f"{built.image.configuration.baud} bit/s"),
    ]


def estimate_spiking(opened: OpenSpiking, options: BoardOptions, spiking: SpikingOptions,
                     json: bool) -> None:
    """Say what the network takes of the board, and how fast it is there."""
    from sterna_boards.estimate.network import estimate_network

    board = options.board()
    configuration = network_configuration(board, opened.program, options, spiking)
    found = estimate_network(board, opened.program, configuration, options.clock_hz)
    if json:
        print(found.to_json())
    else:
        print_table(_estimate_table(board, found))


def _estimate_table(board: Board, found: NetworkEstimate) -> list[tuple[str, object]]:
    configuration, there, speed = found.configuration, board.capacity, found.speed
    return [
        ("network", found.model),
        ("board", f"{board.title}, {board.device}"),
        ("fits", "yes" if found.fits else f"no: {'; '.join(found.short)}"),
        ("lanes", f"{configuration.lanes}, {configuration.neuron_lanes} neuron lanes, "
                  f"{len(configuration.units)} kinds of neurons"),
        ("look-up tables", f"{found.area.luts} of {there.luts}"),
        ("flip-flops", found.area.ffs),
        ("block RAMs", f"{found.block_rams} of {there.block_rams}"),
        ("DSPs", f"{found.area.dsps} of {there.dsps}"),
        *((f"  {memory.name}", f"{memory.depth} words of {memory.bits} bits, {_rams(memory)}")
          for memory in found.memories),
        ("cycles per step", f"{speed.cycles_per_step} if no source is silent"),
        ("steps per second", f"{speed.steps_per_second:.1f} at {found.clock_mhz:g} MHz"),
        ("over the link", f"{speed.steps_per_second_over_link:.1f} steps per second: "
                          f"{speed.link_bytes_per_step} bytes a step at {configuration.baud} "
                          "bit/s"),
    ]


def _rams(memory: OnChipMemory) -> str:
    if memory.single_port_rams:
        return f"{memory.single_port_rams} single-port RAMs"
    return f"{memory.block_rams} block RAMs"
