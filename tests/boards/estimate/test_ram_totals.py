"""Memories and multipliers by unit are what there is of them in all."""

from __future__ import annotations

import pytest

CASES = [("demo", "ulx3s-85f"), ("l2mu", "icebreaker"), ("demo-tiny", "ulx3s-12f"),
         ("demo-spiking", "kv260")]


@pytest.mark.parametrize(("model", "board"), CASES)
def test_units_take_all_there_is(sterna, model: str, board: str) -> None:
    found = sterna("estimate", model, "--board", board, "--json").json
    units = {unit["unit"] for unit in found["configuration"]["units"]} | {"sequencer"}
    assert {*found["unit_rams"], *found["unit_dsps"]} <= units
    assert all([*found["unit_rams"].values(), *found["unit_dsps"].values()])
    rams = found["block_rams"] + found["single_port_rams"] + found["large_rams"]
    assert sum(found["unit_rams"].values()) == rams > 0
    assert sum(found["unit_dsps"].values()) == found["dsps"] > 0


def test_the_weights_are_those_of_the_engine(sterna) -> None:
    found = sterna("estimate", "demo", "--board", "ulx3s-85f", "--no-generate",
                   "--json").json
    engine = [memory for memory in found["memories"] if memory["unit"] == "ternary"]
    assert {memory["name"] for memory in engine} == {"weights", "codes"}
    assert found["unit_rams"]["ternary"] == sum(memory["block_rams"] for memory in engine)
    assert found["unit_dsps"] == {"vector": 32, "scalar": 1}
