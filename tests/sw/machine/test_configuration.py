"""The hardware configuration checks itself and names hardware by its digest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sterna.errors import InputError
from sterna.machine.configuration import PRESETS, HardwareConfiguration


@pytest.mark.parametrize(("changes", "message"), [
    ({"rows": 12}, "rows = 12 must be a multiple of vector_lanes"),
    ({"columns": 24}, "columns = 24 must be a power of two"),
    ({"columns": 4}, "columns = 4 must be a power of two and at least 8"),
    ({"vector_lanes": 3}, "vector_lanes = 3 must be a power of two"),
    ({"vector_interval": 3}, "vector_interval = 3 must be 1 or 2"),
    ({"word_bits": 19}, "word_bits = 19 must be between 12 and 18"),
    ({"block_groups": 17}, "block_groups = 17 must be at most 16"),
    ({"accumulator_bits": 33}, "accumulator_bits = 33 must be at most 32"),
    ({"accumulator_bits": 16}, "accumulator_bits = 16 must be wide enough for 127"),
    ({"code_depth": 500}, "code_depth = 500 must be a multiple of columns"),
    ({"tables": 5}, "tables = 5 must be at most 4"),
    ({"top_k": 65}, "top_k = 65 must be at most 64"),
    ({"lane": "multipliers"}, "lane = multipliers must be adders or tables"),
    ({"lane": "tables"}, "columns = 32 must be a multiple of 3 . vector_lanes with tables"),
    ({"lane": "tables", "columns": 36}, "columns = 36 must be a multiple of 3 . vector_lanes"),
    ({"weight_depth": 0}, "weight_depth must be a positive integer, not 0"),
    ({"weight_source": "tape"}, "weight_source = tape must be chip or axi"),
    ({"memory_ports": 3}, "memory_ports = 3 must be a power of two of at most 32"),
    ({"memory_bits": 1024}, "memory_bits = 1024 must be a power of two from 32 to 512"),
    ({"memory_bits": 512, "memory_burst": 128}, "memory_burst = 128 must be .* 4096 bytes"),
    ({"memory_prefetch": 31}, "memory_prefetch = 31 must be at least two bursts, 32"),
    ({"weight_source": "axi", "weight_depth": 1 << 27}, "at most what 32 address bits reach"),
    ({"input_depth": 2.5}, "input_depth must be a positive integer, not 2.5"),
])
def test_wrong_values(changes, message):
    with pytest.raises(InputError, match=message):
        HardwareConfiguration(**changes)


@pytest.mark.parametrize("name", list(PRESETS))
def test_json_round_trip(name):
    configuration = PRESETS[name]
    assert HardwareConfiguration.from_json(configuration.to_json()) == configuration


@pytest.mark.parametrize("text", ["", "[1]", '{"rows": 8, "colour": 1}'])
def test_unreadable_json(text):
    with pytest.raises(InputError, match="configuration: not readable"):
        HardwareConfiguration.from_json(text)


def test_derived_sizes():
    configuration = HardwareConfiguration(rows=16, columns=64, vector_lanes=4)
    assert configuration.lanes == 1024
    assert configuration.weight_bytes == 205
    assert configuration.groups_per_row_group == 4
    assert configuration.groups_per_tile == 16
    assert configuration.word_limit == 131071


def test_derived_sizes_of_tables():
    configuration = HardwareConfiguration(rows=16, columns=96, lane="tables", code_depth=576)
    assert configuration.lanes == 1536
    assert configuration.weight_bytes == 16 * 32 * 5 // 8
    assert configuration.groups_per_tile == 12
    assert configuration.digest() != replace(configuration, rows=8).digest()


def test_digest_names_the_hardware():
    configuration = PRESETS["small"]
    assert replace(configuration, trace=True).digest() == configuration.digest()
    digests = {
        replace(configuration, **{name: value}).digest()
        for name, value in [("rows", 8), ("weight_source", "axi"), ("top_k", 4),
                            ("weight_depth", 9000), ("tables", 2)]
    }
    assert len(digests | {configuration.digest()}) == 6
    assert 0 <= configuration.digest() < 1 << 64
