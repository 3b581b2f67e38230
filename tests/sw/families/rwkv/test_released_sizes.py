"""Released sizes on the boards that they are for, by estimate."""

from __future__ import annotations

from sterna.families.requests import EstimateRequest
from sterna.options import Options
from sterna.tasks.estimate import estimate


def test_an_rwkv7_fits_a_kria_with_its_states_in_ultraram() -> None:
    """At least 106 tokens a second of the 114 that its memory allows (spec/families.md 5)."""
    found = estimate(EstimateRequest(board="kv260", options=Options(shape="rwkv7-0.1b"))).to_dict()
    assert found["fits"] and found["tokens_per_second"] >= 106
    states, = (one for one in found["memories"] if one["name"] == "matrix states")
    assert states["large_rams"] == 36
