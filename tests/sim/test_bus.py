"""The whole accelerator behind AXI4-Lite and AXI4-Stream: every value of a model, over the bus."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.machine.memory import Axi
from sterna.machine.presets import PRESETS
from sterna.machine.traces import trace_ports
from sterna_hw.board.bus import WRAPPERS
from sterna_hw.verilog import to_bus_verilog, to_verilog
from sterna_sim.board import SimulatedBoard
from sterna_sim.build import build_library
from sterna_sim.toolchain import find_toolchain
from sterna_sim.verification import Verifier

from tests.sim.bus_hosts import host_verilog
from tests.sim.shapes import common_configuration, random_program

pytestmark = pytest.mark.verilator

PROGRAM = random_program(64, 1, 64, 97, seed=64)


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_every_value_over_the_bus(wrapper: str) -> None:
    """With weights behind an AXI4 port, so that masters pass the wrapper too."""
    machine = common_configuration(PRESETS["tiny"], [(PROGRAM, "chip")]).having(
        memory=Axi(ports=1, bits=32, burst=4, prefetch=8))
    traced = machine.having(trace=True)
    text = host_verilog(traced, wrapper) + to_bus_verilog(traced, wrapper) + to_verilog(traced)
    library = build_library(text, [port.name for port in trace_ports(traced)], find_toolchain(),
                            lambda *_: None, axi_ports=1)
    board = SimulatedBoard(traced, library=library, stall_permille=300, seed=5)
    verifier = Verifier(PROGRAM, machine, "chip", board=board, seed=5)
    try:
        outcome = verifier.verify([np.random.default_rng(1).integers(0, 97, 4).tolist()])
    finally:
        verifier.close()
    assert outcome.first_difference is None
    assert outcome.tokens == 4 and outcome.vectors_compared > 200
