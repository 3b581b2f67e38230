"""Block choice: covers the rows, hides the quantiser, ends short."""

from __future__ import annotations

import pytest
from sterna.compiler.blocks import BlockProblem, Run, _finish, body_clocks, choose_blocks
from sterna.errors import InputError
from sterna.machine.presets import token_machine
from sterna.machine.sequencer import INSTRUCTION_CLOCKS
from sterna.program.instructions import Element, Unit

CHAIN = (
    Element(result="a", a="sums", multiplier=Unit(1)),
    Element(result="b", a="a", multiplier=Unit(1)),
    Element(result="c", a="b", multiplier=Unit(1)),
)


def shape(**changes):
    return token_machine(**{"rows": 8, "columns": 32, "vector_lanes": 8, **changes})


@pytest.mark.parametrize("rows", [1, 8, 9, 64, 333, 1024])
@pytest.mark.parametrize("matrices", [1, 2, 3])
@pytest.mark.parametrize("exposed", [True, False])
def test_runs_cover_all_rows_within_the_accumulators(rows, matrices, exposed):
    runs = choose_blocks(shape(), rows=rows, columns=64, matrices=matrices, body=CHAIN,
                         exposed=exposed)
    assert sum(run.groups * run.blocks for run in runs) == -(-rows // 8)
    assert all(run.groups * matrices <= 8 for run in runs)
    assert len(runs) <= 3


def test_first_block_hides_the_quantiser():
    runs = choose_blocks(shape(), rows=1024, columns=1024, matrices=1, body=CHAIN, exposed=True)
    assert runs[0].groups >= 32 // 8


def test_last_block_is_short_when_the_engine_waits_for_it():
    long_body = CHAIN + tuple(
        Element(result=f"r{index}", a="a", multiplier=Unit(1)) for index in range(12)
    )
    exposed, hidden = (
        choose_blocks(shape(), rows=1024, columns=1024, matrices=1, body=long_body, exposed=end)
        for end in (True, False)
    )
    assert exposed[-1].groups < exposed[0].groups
    assert hidden[-1].groups == 8


def test_blocks_are_wide_where_every_tile_costs_a_turn():
    """Tables: turns grow with the number of blocks, and so the engine's time counts."""
    changes = {"columns": 24, "code_depth": 96, "block_groups": 16}
    adders, tables = (
        choose_blocks(shape(**changes, lane=lane) if lane == "tables" else shape(block_groups=16),
                      rows=128, columns=96, matrices=1, body=(), exposed=False)
        for lane in ("adders", "tables")
    )
    assert sum(run.blocks for run in tables) <= sum(run.blocks for run in adders)
    assert tables == (Run(16, 1),)


def test_choice_is_no_worse_than_equal_blocks():
    for row_groups in (8, 31, 100):
        body = tuple(max(2, 9 * width, 24) for width in range(1, 9))
        problem = BlockProblem(row_groups, 4, 1, 4, 0, 0, body, True)
        runs = choose_blocks(shape(), rows=8 * row_groups, columns=128, matrices=1,
                             body=CHAIN * 3, exposed=True)
        for width in range(1, 9):
            if row_groups % width == 0:
                equal = (Run(width, row_groups // width),)
                assert _finish(problem, runs)[0] <= _finish(problem, equal)[0] + 12


def test_finish_of_equal_blocks_is_that_of_single_ones():
    body = tuple(3 * width + 5 for width in range(1, 9))
    for tiles in (1, 2, 8):
        problem = BlockProblem(24, tiles, 1, 2, 0, 0, body, True)
        single = tuple(Run(4, 1) for _ in range(6))
        assert _finish(problem, (Run(4, 6),)) == _finish(problem, single)


def test_dependent_operations_wait_for_the_latency():
    assert body_clocks(CHAIN, 8, 8) == 24
    assert body_clocks(CHAIN, 4, 8) == 4 + 2 * (4 + 4)
    independent = tuple(Element(result=name, a="sums", multiplier=Unit(1)) for name in "abc")
    assert body_clocks(independent, 4, 8) == 12
    assert body_clocks(independent, 1, 8) == 1 + 2 * INSTRUCTION_CLOCKS


def test_too_many_matrices():
    with pytest.raises(InputError, match="block_groups = 2 is less than the 3 matrices"):
        choose_blocks(shape(block_groups=2), rows=8, columns=8, matrices=3, body=CHAIN,
                      exposed=True)
