# amaranth: UnusedElaboratable=no
"""The netlist after synthesis, simulated with yosys' cell models, against the golden."""

from __future__ import annotations

import pytest
from sterna.compiler.compile import compile_program
from sterna.errors import InputError
from sterna.families.tokens.golden_device import GoldenDevice
from sterna.host.token_board import TokenBoard
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna_boards.parts.netlist import netlist_verilog
from sterna_sim import build
from sterna_sim.board import SimulatedBoard
from sterna_sim.toolchain import find_toolchain

from tests.sim.shapes import common_configuration, random_program

BASE = PRESETS["tiny"].having(rows=2, columns=2, block_groups=2, top_k=2)
COMPACT = BASE.having(vector_lanes=1, vector_interval=2, compact=True)
TABLES = BASE.having(columns=6, lane="tables", code_depth=60)
TEXT = [3, 16, 0, 7, 11, 2, 9]


@pytest.mark.verilator
@pytest.mark.slow
@pytest.mark.parametrize("family, base, cells", [
    # With words that are read on the falling edge.
    pytest.param("ice40", COMPACT,
                 {"SB_LUT4", "SB_CARRY", "SB_RAM40_4K", "SB_RAM40_4KNR", "SB_MAC16",
                  "SB_SPRAM256KA"}, marks=pytest.mark.long),
    # With registers that the pass over the netlist moved into block RAMs and multipliers.
    pytest.param("ecp5", TABLES,
                 {"LUT4", "CCU2C", "TRELLIS_FF", "TRELLIS_DPR16X4", "DP16KD", "MULT18X18D",
                  '.REGMODE_B("OUTREG"),', '.REG_OUTPUT_CLK("CLK0"),', '.REG_INPUTA_CLK("CLK0"),'}),
])
def test_the_netlist_gives_the_numbers_of_the_golden(
        family: str, base: Machine, cells: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    program = random_program(hidden=6, layers=1, intermediate=5, vocabulary=17, seed=1)
    machine = common_configuration(base, [(program, "host")])
    verilog = netlist_verilog(machine, family)
    assert cells <= set(verilog.split())
    # Seven tokens: to optimise them takes longer.
    monkeypatch.setattr(build, "COMPILER_FLAGS", (*build.COMPILER_FLAGS, "-O0"))
    library = build.build_library(verilog, [], find_toolchain(), lambda step, done, parts: None)
    image = compile_program(program, machine, "host")
    golden = GoldenDevice(program, machine.head.top_k)
    board = TokenBoard(SimulatedBoard(machine, library=library), "netlist")
    try:
        board.load(image)
        for token in TEXT:
            assert board.step(token).candidates() == golden.step(token).candidates()
    finally:
        board.close()


def test_a_family_without_models_is_refused() -> None:
    with pytest.raises(InputError, match="'gw1n': netlists are made for ecp5, ice40"):
        netlist_verilog(BASE, "gw1n")
