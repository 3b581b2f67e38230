# amaranth: UnusedElaboratable=no
"""The accelerator with adders and tables of Xilinx cells, simulated, against the golden."""

from __future__ import annotations

import pytest
from sterna.compiler.compile import compile_program
from sterna.families.tokens.golden_device import GoldenDevice
from sterna.host.token_board import TokenBoard
from sterna.machine.presets import PRESETS
from sterna_boards.parts.family_platform import FamilyPlatform
from sterna_boards.parts.netlist import cell_models
from sterna_hw.verilog import to_verilog
from sterna_sim.board import SimulatedBoard
from sterna_sim.build import build_library
from sterna_sim.toolchain import find_toolchain

from tests.sim.shapes import common_configuration, random_program

BASE = PRESETS["tiny"].having(rows=2, columns=18, code_depth=54, block_groups=16, top_k=2,
               lane="tables")
TEXT = [3, 16, 0, 7, 11, 2, 9]


@pytest.mark.verilator
@pytest.mark.slow
@pytest.mark.parametrize("family, cells", [
    pytest.param("xc7", {"LUT6_2", "CARRY4", "RAM32M"}, marks=pytest.mark.pnr),
    pytest.param("xcup", {"LUT6_2", "CARRY8", "RAM32M16"}),
])
def test_the_cells_give_the_numbers_of_the_golden(family: str, cells: set[str]) -> None:
    program = random_program(hidden=40, layers=1, intermediate=35, vocabulary=17, seed=2)
    machine = common_configuration(BASE, [(program, "host")])
    verilog = to_verilog(machine, platform=FamilyPlatform(family))
    assert cells <= set(verilog.split())
    library = build_library(verilog + cell_models("xilinx", verilog), (), find_toolchain(),
                            lambda step, done, parts: None)
    image = compile_program(program, machine, "host")
    golden = GoldenDevice(program, machine.head.top_k)
    board = TokenBoard(SimulatedBoard(machine, library=library), "cells")
    try:
        board.load(image)
        for token in TEXT:
            assert board.step(token).candidates() == golden.step(token).candidates()
    finally:
        board.close()
