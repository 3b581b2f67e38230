"""Several token streams, from the command line."""

from __future__ import annotations

import pytest

RANDOM = "random:hidden=64,layers=1,intermediate=64,vocabulary=97,seed=2"
SMALL = ["--config", "tiny", "--streams", 2]


@pytest.mark.verilator
def test_bench_and_verify_of_two_streams(sterna):
    values = sterna("bench", RANDOM, *SMALL, "--tokens", 2, "--json").json
    assert (values["streams"], values["differences"]) == (2, 0)
    together = values["aggregate_tokens_per_second"]
    assert together == pytest.approx(2 * values["tokens_per_second_at_clock"])
    assert values["aggregate_speedup"] == pytest.approx(
        together / values["single_tokens_per_second"])
    assert 1.5 < values["aggregate_speedup"] < 2.01
    assert values["prompt_tokens"] == 64 and 1.5 < values["prompt_speedup"] < 2.01
    compared = sterna(
        "verify", RANDOM, *SMALL, "--tokens", 3, "--device", "emulator", "--json").json
    assert (compared["streams"], compared["tokens"], compared["differences"]) == (2, 6, 0)


def test_more_streams_than_there_can_be(sterna):
    outcome = sterna("verify", RANDOM, "--streams", 17)
    assert outcome.code == 2
    assert "streams is 17; it must be a whole number from 1 to 16" in outcome.errors
