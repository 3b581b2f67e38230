"""Look-up tables by unit."""

from __future__ import annotations

from sterna_boards.flows.open.units import luts_by_unit


def _netlist(cells: dict[str, str]) -> dict:
    return {"modules": {
        "LUT4": {"attributes": {"blackbox": "00000001"}, "cells": {}},
        "sterna": {"attributes": {"top": "00000000000000000000000000000001"},
                   "cells": {name: {"type": kind} for name, kind in cells.items()}},
    }}


NETLIST = _netlist({
    "core.engine.lanes.row_0.sum_LUT4_Z": "LUT4",
    "core.engine.lanes.row_0.sum_CCU2C_S0": "CCU2C",
    "core.engine.queue.storage.0": "TRELLIS_DPR16X4",
    "core.vector.x_LUT4_A": "LUT4",
    "core.vector.x_TRELLIS_FF_Q": "TRELLIS_FF",
    "count_LUT4_Z": "LUT4",
})


def test_units_at_each_depth() -> None:
    assert luts_by_unit(NETLIST, 1) == {"core": 8, "top": 1}
    assert luts_by_unit(NETLIST) == {"core.engine": 7, "core.vector": 1, "top": 1}
    assert luts_by_unit(NETLIST, 3)["core.engine.queue"] == 4


def test_largest_first_and_memories_count() -> None:
    units = luts_by_unit(_netlist({"a.x": "SB_LUT4", "b.x": "ALU", "b.y": "RAM16SDP4"}), 1)
    assert list(units.items()) == [("b", 5), ("a", 1)]
