"""What a machine that makes texts by itself takes beside the same without that."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sterna.compiler.fit import fit_machine
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.model import open_model
from sterna.families.matmul_free.store import load_model
from sterna.families.tokens.board_shape import BoardShape
from sterna.machine.additions import with_generation, with_snapshots
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.area import estimate_area
from sterna_boards.estimate.memory_map import memory_map
from sterna_boards.estimate.ram_totals import block_rams_by_name, total_block_rams
from sterna_boards.estimate.work import work_on

from tests.boards.estimate.packing import ECP5

NAMES = ("states of texts", "ids of texts", "candidates", "frame", "waiting bytes",
         "program of texts")


@pytest.fixture(scope="module")
def machine() -> Machine:
    """That of which the unit was synthesised: `demo` with 16 vector lanes, rows on the chip."""
    program = lower(load_model("demo"), name="demo")
    return fit_machine(program, with_generation(PRESETS["standard"].having(vector_lanes=16)),
                       "chip")


def test_its_block_rams_are_those_of_yosys(machine: Machine) -> None:
    """7 for one token stream, 11 for two."""
    for each, rams in ((machine, [3, 1, 0, 1, 1, 1]),
                       (machine.having(streams=2), [5, 2, 1, 1, 1, 1])):
        found = block_rams_by_name("ecp5", each)
        assert [found[name] for name in NAMES] == rams
    reads = with_snapshots(machine.having(
        units=tuple(unit for unit in machine.units if unit.name != "generate")))
    before, after = (total_block_rams("ecp5", one, memory_map("ecp5", one, {}))
                     for one in (reads, machine))
    assert after - before == 7


def test_states_and_ids_are_there_for_every_token_stream(machine: Machine) -> None:
    one, two = ({item.name: item.depth for item in memory_map("ecp5", each, {})}
                for each in (machine, machine.having(streams=2)))
    assert [two[name] / one[name] for name in NAMES] == [2, 2, 2, 1, 1, 1]


def test_its_area_counts(machine: Machine) -> None:
    reads = machine.having(units=tuple(
        unit for unit in machine.units if unit.name != "generate"))
    with_it, without = (estimate_area("ecp5", one) for one in (machine, reads))
    assert with_it.dsps - without.dsps == 1
    assert with_it.luts - without.luts == pytest.approx(2518 * ECP5, abs=2)
    assert with_it.ffs - without.ffs == 1664


@pytest.mark.parametrize(("model", "board", "options", "rows"), [
    ("demo", "by itself", {}, "memory"),
    ("demo-tiny", "by itself", {}, "chip"),
    ("demo-tiny", "by itself", {"embedding": "memory"}, "memory"),
    ("demo", "ulx3s-85f", {"generate": True}, "memory"),
    ("demo-tiny", "ulx3s-12f", {"generate": True}, "memory"),
    ("demo-tiny", "ulx3s-12f", {}, "memory"),
    ("demo-tiny", "ulx3s-12f", {"generate": False}, None),
    ("demo-tiny", "ecpix5-85f", {"generate": True}, "chip"),
    ("demo", "by itself", {"generate": False}, None),
    ("demo", "by itself", {"embedding": "host"}, None),
    ("demo", "by itself", {"weights": "sdram"}, None),
    ("demo", "by itself", {"weights": "baked"}, None),
    ("demo", "ulx3s-85f", {}, "memory"),
    ("demo", "ulx3s-85f", {"generate": False}, None),
    ("demo", "colorlight-i9", {}, None),
])
def test_where_a_board_makes_texts(model: str, board: str, options: dict, rows: str | None) -> None:
    """A board that is for it where that fits and pays, others when they are asked to."""
    shape, opened = BoardShape(**options), open_model(model)
    there = find_board("ulx3s-85f" if board == "by itself" else board)
    if board == "by itself":
        there = replace(there, text_shape=replace(there.shape, vector_lanes=8))
    machine = shape.machine(there, opened.lowered)
    assert (machine.generates is not None) == (rows is not None)
    if board == "by itself":
        assert machine.vector.lanes == (
            4 if options.get("weights") == "sdram" else 16 if rows is None else 8)
    if rows is None:
        return
    work = work_on(there, opened.lowered, machine, shape.place)
    assert (work.embedding, work.short) == (rows, ())
    assert work.machine == machine
