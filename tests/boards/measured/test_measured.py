# amaranth: UnusedElaboratable=no
"""Accelerators through the real tools: against the estimate, and against the tracked table."""

from __future__ import annotations

import json

import pytest
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.model import open_model
from sterna.machine.presets import PRESETS
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.model import estimate
from sterna_boards.estimate.ram_totals import block_rams_by_name
from sterna_boards.flows.open.build import check_timing
from sterna_boards.measured.baseline import Measured, read_baseline
from sterna_boards.model_build import build_model
from sterna_boards.parts.ecp5_floorplan import place_memories
from sterna_boards.parts.ecp5_netlist import Netlist

CLOCK_HZ = 50e6
MEASURED = list(read_baseline().values())
pytestmark = pytest.mark.pnr


@pytest.mark.slow
def test_a_small_accelerator_meets_timing_and_its_estimate() -> None:
    board = find_board("ulx3s-12f")
    program = lower(open_model("random:hidden=32,layers=1,intermediate=32,vocabulary=64").model)
    built = build_model(board, program, PRESETS["tiny"], clock_hz=CLOCK_HZ)
    check_timing(built.report)
    found = estimate(board, program, PRESETS["tiny"], clock_hz=CLOCK_HZ)
    assert found.machine == built.image.machine
    assert found.luts == pytest.approx(built.report.luts, rel=0.2)
    assert found.ffs == pytest.approx(built.report.ffs, rel=0.2)
    assert found.block_rams == built.report.block_rams
    assert found.dsps == built.report.dsps
    assert found.speed == built.speed
    # The floor plan of a larger part finds the memories by their names in a real netlist.
    netlist = Netlist(json.loads((built.report.logs[0].parent / "sterna.json").read_text()))
    fitted = built.image.machine
    place_memories(netlist, "LFE5U-85F", fitted.ternary.rows, block_rams_by_name("ecp5", fitted))


@pytest.mark.slow
@pytest.mark.parametrize("entry", MEASURED, ids=lambda entry: entry.board)
def test_a_measured_build_is_as_the_table_says(entry: Measured) -> None:
    program = lower(open_model(entry.model).model, name=entry.model)
    built = build_model(find_board(entry.board), program, entry.machine,
                        clock_hz=entry.clock_mhz * 1e6, seeds=range(1, len(entry.fmax_mhz) + 1))
    check_timing(built.report)
    assert built.report.luts <= 1.03 * entry.luts
    assert built.report.ffs <= 1.03 * entry.ffs
    assert built.report.block_rams <= entry.block_rams
    assert min(built.report.seeds.values()) >= 0.9 * min(entry.fmax_mhz)
