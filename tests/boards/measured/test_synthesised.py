"""The table of synthesised projects: today's machines, small lanes, estimates like it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from amaranth.back.verilog import convert
from sterna.compiler.fit import fit_machine
from sterna.errors import CheckError, InputError
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.store import load_model
from sterna.machine.memory import Axi, Chip, memory_bytes
from sterna.machine.presets import PRESETS, TOKEN_MACHINE, token_machine
from sterna.machine.units.matrix import MatrixStates
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.area import estimate_area
from sterna_boards.estimate.memory_map import memory_map
from sterna_boards.estimate.model import estimate
from sterna_boards.estimate.on_chip import OnChipMemory
from sterna_boards.estimate.terms import area_terms
from sterna_boards.flows.synthesis import Synthesis, synthesise
from sterna_boards.measured.synthesised import Synthesised, read_areas, write_areas
from sterna_boards.parts.family_platform import FamilyPlatform
from sterna_hw.matrix.unit import MatrixUnit
from sterna_hw.vector.vector_memory import VectorMemory
from sterna_hw.verilog import shorten_zeros, to_serial_verilog

from scripts.measure_projects import factors, measure
from tests.boards.kinds import PROJECT_BOARDS

AREA = Synthesis(luts=5000, ffs=4000, block_rams=20, dsps=5,
                 units={"core.engine.lanes": 3000, "core.vector.lane_0": 1500, "uart.sent": 500})
ENTRY = Synthesised(board="kv260", model="demo", machine=PRESETS["small"], area=AREA)
SHAPE = {"ternary": ("rows", "columns", "lane", "block_groups"), "vector": ("lanes", "word_bits"),
         "memory": ("kind", "ports", "bits")}
every_entry = pytest.mark.parametrize("entry", read_areas().values(), ids=lambda entry: entry.board)


def test_lanes_of_ultrascale_are_small() -> None:
    entry = read_areas()["kv260"]
    assert entry.machine.ternary.lanes >= 320 and entry.machine.memory.kind == "axi"
    assert entry.area.luts <= 10_000
    assert sum(entry.area.units.values()) == pytest.approx(entry.area.luts, rel=0.01)


@every_entry
def test_table_is_of_the_boards_configuration(entry: Synthesised) -> None:
    board = find_board(entry.board)
    program = lower(load_model(entry.model))
    fitted = fit_machine(program, board.machine(), "auto")
    for part, fields in SHAPE.items():
        for field in fields:
            counted = getattr(getattr(entry.machine, part), field, None)
            assert counted == getattr(getattr(fitted, part), field, None), field
    found = estimate(board, program)
    assert found.luts == pytest.approx(entry.area.luts, rel=0.2)
    assert found.ffs == pytest.approx(entry.area.ffs, rel=0.2)
    if board.family != "stratix10":  # counted as for a Cyclone V, whose block RAMs are of 10 kbit
        assert found.block_rams == pytest.approx(entry.area.block_rams, rel=0.2)
    assert found.dsps == pytest.approx(entry.area.dsps, abs=1)
    assert found.fits


@pytest.mark.slow
@pytest.mark.pnr
@every_entry
def test_synthesis_gives_the_table(entry: Synthesised) -> None:
    area = measure(PROJECT_BOARDS[entry.board]).area
    assert area.luts == pytest.approx(entry.area.luts, rel=0.05)
    assert area.ffs == pytest.approx(entry.area.ffs, rel=0.05)
    assert (area.block_rams, area.dsps) == (entry.area.block_rams, entry.area.dsps)


@pytest.mark.long
def test_weights_from_axi_are_fetched_into_block_ram(tmp_path: Path) -> None:
    machine = PRESETS["tiny"].having(rows=2, columns=6, code_depth=60, lane="tables",
                                     memory=Axi(ports=2, bits=32, prefetch=1024))
    source = tmp_path / "accelerator.v"
    source.write_text(to_serial_verilog(machine, 100, platform=FamilyPlatform("xcup")))
    area = synthesise("xcup", source)
    chip = machine.having(weight_depth=64, memory=Chip())
    source.write_text(to_serial_verilog(chip, 100, platform=FamilyPlatform("xcup")))
    assert area.block_rams >= synthesise("xcup", source).block_rams + 4
    assert area.units["core.weights.reader"] < 300


@pytest.mark.long
def test_deep_vectors_lie_in_large_rams(tmp_path: Path) -> None:
    """As the estimate counts them; a part without large RAMs has them in block RAM."""
    machine = token_machine(rows=8, vector_lanes=8, vector_depth=8000)
    for large in (True, False):
        source = tmp_path / "vectors.v"
        source.write_text(shorten_zeros(convert(
            VectorMemory(machine), name="sterna", platform=FamilyPlatform("xcup", large),
            emit_src=False)))
        area = synthesise("xcup", source)
        vectors, = (one for one in memory_map("xcup", machine, {}, large)
                    if one.name == "vectors and state")
        assert (area.large_rams, area.block_rams) == (vectors.large_rams, vectors.block_rams)
        assert vectors.large_rams == (8 if large else 0) and vectors.copies == 2


STATES = TOKEN_MACHINE.having(units=(*TOKEN_MACHINE.units, MatrixStates(
    lanes=4, depth=5000, heads=2, rows=64, columns=64, operand_depth=32)))


def matrix_unit(large: bool) -> str:
    return shorten_zeros(convert(MatrixUnit(STATES), name="sterna",
                                 platform=FamilyPlatform("xcup", large), emit_src=False))


def matrix_states(large: bool) -> OnChipMemory:
    found, = (one for one in memory_map("xcup", STATES, {}, large) if one.name == "matrix states")
    return found


def test_deep_matrix_states_ask_for_large_rams() -> None:
    """Where there are any; the estimate counts them so."""
    for large in (True, False):
        assert ('ram_style = "ultra"' in matrix_unit(large)) == large
        assert (matrix_states(large).large_rams, matrix_states(large).block_rams > 0) == (
            2 * large, not large)


@pytest.mark.slow
def test_matrix_states_lie_in_large_rams(tmp_path: Path) -> None:
    source = tmp_path / "states.v"
    source.write_text(matrix_unit(True))
    assert synthesise("xcup", source).large_rams == matrix_states(True).large_rams


def test_a_table_is_read_as_written(tmp_path: Path) -> None:
    assert read_areas(tmp_path / "none.json") == {}
    write_areas({"kv260": ENTRY}, tmp_path / "area.json")
    assert read_areas(tmp_path / "area.json") == {"kv260": ENTRY}


def test_factors_give_what_was_counted() -> None:
    terms = area_terms(ENTRY.machine)
    names = tuple(terms)
    reference = {"packing": 1.2, "dsps": [1, 2], "clock": [1, 2],
                 **{kind: {name: [1.0] * len(terms[name]) for name in names}
                    for kind in ("luts", "ffs")}}
    found = factors(ENTRY, reference)
    luts = {name: sum(factor * term for factor, term in
                      zip(found["luts"][name], terms[name], strict=True)) for name in names}
    assert luts["core.engine"] == pytest.approx(3000, rel=1e-3)
    assert luts["core.vector"] == pytest.approx(1500, rel=1e-3)
    assert luts["other"] == pytest.approx(500, rel=1e-3)
    # What this machine has not says nothing.
    assert found["luts"]["forks"] == [1.0, 1.0]
    assert found["packing"] == 1.0 and "clock" not in found


def test_a_family_without_synthesis_is_told() -> None:
    with pytest.raises(InputError, match="scripts/measure_projects.py"):
        estimate_area("virtex2", PRESETS["small"])


def test_memory_outside_limits_the_estimate() -> None:
    board = find_board("kv260")
    program = lower(load_model("demo"))
    # Every lane works in every clock, but the memory does not keep up.
    size = memory_bytes(fit_machine(program, board.machine(), "auto"))
    found = estimate(board, program)
    assert found.speed.cycles >= size / 16e9 * 250e6
    slow = replace(board, outside=replace(board.outside, gb_s=1.6))
    assert estimate(slow, program).speed.cycles == pytest.approx(
        size / 1.6e9 * 250e6, rel=0.01)


def test_a_failure_of_synthesis_is_told(tmp_path: Path) -> None:
    source = tmp_path / "broken.v"
    source.write_text("module sterna(input a); nothing(); endmodule\n")
    with pytest.raises(CheckError, match="yosys failed: .*ERROR: .*log: "):
        synthesise("xcup", source)
