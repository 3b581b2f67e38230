"""What texts that share a data path take of a board, held to what yosys synthesised for ECP5."""

from __future__ import annotations

from typing import Any

import pytest
from sterna.machine.machine import Machine
from sterna_boards.estimate.area import estimate_area, group_units
from sterna_boards.estimate.ram_totals import block_rams_by_name
from sterna_boards.shape import Shape

from tests.boards.estimate.packing import ECP5

ADDERS = Shape(rows=8, columns=16, vector_lanes=4).machine()
TABLES = Shape(rows=16, columns=48, vector_lanes=16, block_groups=16, head_words=8,
               lane="tables").machine()


def texts(machine: Machine, count: int) -> Machine:
    return machine.having(streams=count, shared=count > 1)


@pytest.mark.parametrize("machine, count, more, flip_flops", [
    (ADDERS, 2, 2435, 652), (ADDERS, 4, 6619, 2400), (TABLES, 2, 4030, 1903),
    (TABLES, 4, 10465, 5433)])
def test_area_beside_that_of_one_text(machine: Machine, count: int, more: int,
                                      flip_flops: int) -> None:
    one, several = (estimate_area("ecp5", texts(machine, number)) for number in (1, count))
    assert (several.luts - one.luts) / ECP5 == pytest.approx(more, rel=0.06)
    assert several.ffs - one.ffs == pytest.approx(flip_flops, rel=0.25)
    assert several.dsps == one.dsps


@pytest.mark.parametrize("count, vectors", [(1, 4), (2, 8), (4, 16)])
def test_block_rams(count: int, vectors: int) -> None:
    found = block_rams_by_name("ecp5", texts(ADDERS, count))
    assert (found["vectors and state"], found["codes"], found["tables"]) == (vectors, 4, 4)


def test_long_blocks_have_their_results_in_block_ram() -> None:
    """One memory of accumulators, and a queue of each text: 18 and 19 bits of 16 rows."""
    found = block_rams_by_name("ecp5", texts(TABLES.having(block_groups=64), 2))
    assert (found["accumulators"], found["row groups of texts"]) == (8, 18)
    assert "row groups of texts" not in block_rams_by_name("ecp5", TABLES.having(block_groups=64))


def test_names_of_a_netlist_are_known() -> None:
    names = ("core.results_1", "core.input", "core.commands_fork", "core.matmuls_fork")
    found = group_units(dict.fromkeys(names, 1))
    assert (found["core.top_k"], found["core.inputs"], found["other"]) == (1, 1, 2)


def test_the_ulx3s_has_room_for_two(sterna: Any) -> None:
    """And tells the sum of both beside the rate of one."""
    found = sterna("estimate", "demo", "--board", "ulx3s-85f", "--texts", "2", "--no-generate",
                   "--json").json
    assert found["fits"] and found["block_rams"] == 196
    assert found["aggregate_tokens_per_second"] == 2 * found["tokens_per_second"]
    one = sterna("estimate", "demo", "--board", "ulx3s-85f", "--no-generate", "--json").json
    assert "aggregate_tokens_per_second" not in one
    assert found["aggregate_tokens_per_second"] > 1.3 * one["tokens_per_second"]
