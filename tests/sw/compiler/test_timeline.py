"""The clocks of units add up to what the estimate of cycles counts."""

from __future__ import annotations

import pytest
from sterna.compiler.cycles import estimate_cycles
from sterna.compiler.schedule import schedule
from sterna.compiler.timeline import Timeline, timeline
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.store import load_model
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.work import own_machine, work_on

LINE = Timeline(100, (("a", 0, 40), ("b", 40, 100)), {"one": ((0, 10), (35, 55)), "none": ()})


@pytest.mark.parametrize("board", ["ulx3s-12f", "icebreaker", "kv260"])
def test_it_is_the_estimate_in_parts(board):
    """Lanes of adders and of tables, and tables of which a second set is written ahead."""
    found = find_board(board)
    program = lower(load_model("demo-tiny"))
    machine = work_on(found, program, found.with_rate(own_machine(found, program))).machine
    plan = schedule(program, machine)
    line, wanted = timeline(plan, machine), estimate_cycles(plan, machine)
    assert line is not None and line.cycles == wanted.cycles
    assert line.total("ternary") == wanted.accumulate
    assert line.total("vector") == wanted.vector * machine.vector.interval
    assert line.sections[0][1] == 0 and line.sections[-1][2] == wanted.cycles
    assert all(one[2] == other[1] for one, other in zip(line.sections, line.sections[1:],
                                                        strict=False))
    for unit, spans in line.busy.items():
        assert sum(line.shares(unit, 37)) * wanted.cycles / 37 == pytest.approx(line.total(unit))
        assert all(first < end <= other for (first, end), (other, _) in zip(
            spans, spans[1:], strict=False))


def test_shares_of_parts():
    assert LINE.shares("one", 4) == pytest.approx([0.4, 0.6, 0.2, 0.0])
    assert LINE.shares("one", 1) == pytest.approx([0.3])
    assert LINE.shares("none", 3) == [0, 0, 0] and LINE.total("none") == 0
