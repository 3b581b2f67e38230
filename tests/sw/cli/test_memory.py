"""Weights in a memory outside, from the command line."""

from __future__ import annotations

import pytest

RANDOM = "random:hidden=96,layers=2,intermediate=160,vocabulary=97,seed=2"
SMALL = ["--rows", 4, "--columns", 32, "--vector-lanes", 4]


@pytest.mark.verilator
def test_bench_tells_the_roofline_of_the_memory(sterna):
    few = ["--rows", 2, "--columns", 32, "--vector-lanes", 2]
    outcome = sterna("bench", RANDOM, "--memory", "ddr3-1.6", *few, "--tokens", 2, "--json")
    assert outcome.code == 0, outcome.errors
    values = outcome.json
    assert (values["differences"], values["streams"], values["lanes"]) == (0, 1, 64)
    assert values["memory"] == "ddr3-1.6" and values["clock_hz"] == 100e6
    assert values["memory_gb_s"] == pytest.approx(1.567, rel=1e-3)
    ideal = values["weights_per_token"] / 5
    assert values["bytes_per_token"] > ideal
    assert values["roofline_tokens_per_second"] == pytest.approx(
        values["memory_gb_s"] * 1e9 / ideal)
    speed = values["tokens_per_second_at_clock"]
    assert values["aggregate_tokens_per_second"] == speed
    assert values["roofline_utilisation"] == pytest.approx(
        speed / values["roofline_tokens_per_second"])
    # So small a model pays for its barriers, but never reads faster than the memory.
    assert 0.2 < values["roofline_utilisation"] < 1


@pytest.mark.parametrize("arguments, message", [
    (["verify"], "give a MODEL or a --shape, one of them"),
    (["bench", "demo", "--shape", "370m"], "give a MODEL or a --shape or a --layer, one"),
    (["verify", "--shape", "7b"], "shape '7b': no such size; there are 370m"),
    (["bench", "demo", "--memory", "tape"], "memory 'tape': no such memory; there are ddr4x4-77"),
    (["verify", "demo", "--memory", "kv260-16", "--config", "small"], "give one of them"),
    (["bench", "demo", "--memory", "kv260-16", "--clock-hz", 1e6], "is simulated, at 250 MHz"),
])
def test_contradictions_are_one_line(sterna, arguments, message):
    outcome = sterna(*arguments)
    assert outcome.code == 2
    assert message in outcome.errors and outcome.errors.count("\n") == 1


def test_the_plan_of_a_released_shape(sterna):
    """Constants and most of what the engine can take stay on the chip, the rest is streamed."""
    outcome = sterna("estimate", "--shape", "370m", "--memory", "ddr4x4-77", "--json")
    assert outcome.code == 0, outcome.errors
    values = outcome.json
    places = {entry["name"]: entry["place"] for entry in values["objects"]}
    assert (places["weights"], places["resident weights"]) == ("memory", "chip")
    assert (places["constants"], places["embedding"]) == ("chip", "host")
    bits = {entry["name"]: entry["bits"] for entry in values["objects"]}
    # 341,049,344 weights of 1.6 bits, and little padding.
    assert 1 < (bits["weights"] + bits["resident weights"]) / (1.6 * 341_049_344) < 1.01
    assert bits["weights"] == 8 * values["bytes_per_token"]
    assert values["chip_bits"] <= values["chip_capacity_bits"]
    roofline = values["memory_gb_s"] * 1e9 / (0.2 * 341_049_344)
    assert values["tokens_per_second"] > 1.5 * roofline


def test_a_small_chip_streams_constants_too(sterna):
    outcome = sterna("estimate", RANDOM, "--memory", "ddr3-1.6", *SMALL, "--chip-mbit", 0.45)
    assert outcome.code == 0, outcome.errors
    assert "memory: read once a token" in outcome.output
    assert "memory: gains and scales" in outcome.output


def test_the_estimate_of_several_streams_is_that_of_each_and_all(sterna):
    arguments = ["estimate", RANDOM, "--memory", "ddr3-1.6", "--json"]
    one, three = sterna(*arguments).json, sterna(*arguments, "--streams", 3).json
    assert (one["streams"], three["streams"]) == (1, 3)
    assert one["tokens_per_second"] == one["aggregate_tokens_per_second"]
    assert three["aggregate_tokens_per_second"] == 3 * three["tokens_per_second"]
    bits = [{entry["name"]: entry["bits"] for entry in found["objects"]} for found in (one, three)]
    assert bits[1]["state and vectors"] == 3 * bits[0]["state and vectors"]


@pytest.mark.parametrize("arguments, message", [
    (["estimate", "demo"], "give a --board or a --memory"),
    (["estimate", "--memory", "ddr3-1.6"], "give a MODEL or a --shape"),
    (["estimate", "demo", "--board", "ulx3s-85f", "--memory", "ddr3-1.6"], "give one of them"),
    (["estimate", "demo", "--memory", "ddr3-1.6", "--lanes", "64"], "give --board"),
    (["bench", "demo", "--chip-mbit", 3], "give --memory"),
    (["estimate", "demo", "--memory", "ddr3-1.6", "--chip-mbit", -1], "chip-mbit is -1.0; it must"),
    (["estimate", "--shape", "370m", "--chip-mbit", 1], "give a larger chip"),
])
def test_plans_that_cannot_be(sterna, arguments, message):
    outcome = sterna(*arguments)
    assert outcome.code == 2
    assert message in outcome.errors and outcome.errors.count("\n") == 1
