"""The simulated memory behind AXI4 ports names the rule that a master breaks."""

from __future__ import annotations

from pathlib import Path

import pytest
from sterna.errors import CheckError
from sterna.machine.memory import Axi
from sterna.machine.presets import PRESETS
from sterna_sim.board import SimulatedBoard
from sterna_sim.build import build_library
from sterna_sim.memory.timing import MemoryTiming
from sterna_sim.toolchain import find_toolchain

from tests.sim.axi_masters import master

pytestmark = pytest.mark.verilator

PORT = PRESETS["tiny"].having(memory=Axi(ports=1, bits=32, burst=4, prefetch=8))
AGAIN = "if (clocks % 16 == 10) m_axi_0_arvalid <= 1;"
"""A burst in every sixteen clocks, of which a controller with one request takes few."""


CASES = [
    ("", None),
    ("m_axi_0_araddr <= 4096 - 16;", None),
    ("m_axi_0_araddr <= 4096 - 12;", "4 kB boundary (A3.4.1): 16 bytes from 4084"),
    ("m_axi_0_arsize <= 1;", "burst size (A3.4.1)"),
    ("m_axi_0_arburst <= 0;", "burst type (A3.4.1)"),
    ("m_axi_0_awaddr <= 2;", "alignment"),
    (AGAIN + " if (clocks == 30) m_axi_0_arvalid <= 0;", "VALID until READY (A3.2.1): AR"),
    (AGAIN + " m_axi_0_araddr <= 16 * clocks;", "stable payload (A3.2.1): AR"),
    ("m_axi_0_wlast <= 0;", "WLAST (A3.2.2): not in beat 1"),
    ("m_axi_0_awlen <= 1;", "WLAST (A3.2.2): not in beat 2"),
    ("m_axi_0_arlen <= 8;", "outstanding beats: 9 of at most 8"),
]


@pytest.fixture(scope="module")
def library() -> Path:
    verilog = master([forbidden for forbidden, _ in CASES])
    return build_library(verilog, [], find_toolchain(), lambda *_: None, axi_ports=1)


@pytest.mark.parametrize("case", range(len(CASES)))
def test_the_rule_is_named(library, case) -> None:
    rule = CASES[case][1]
    board = SimulatedBoard(PORT, library=library, memory=MemoryTiming(latency=60, requests=1))
    board.write(bytes([case]))
    try:
        if rule is None:
            board.read(1, 2e-4)
            return
        with pytest.raises(CheckError) as raised:
            board.read(1, 2e-4)
        assert str(raised.value).startswith(f"AXI4: {rule}")
        assert " in clock " in str(raised.value)
    finally:
        board.close()
