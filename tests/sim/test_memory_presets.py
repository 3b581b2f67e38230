"""Named memories: their rates, and an accelerator that can use them."""

from __future__ import annotations

import pytest
from sterna.errors import InputError
from sterna_sim.memory.presets import MEMORIES, find_memory
from sterna_sim.memory.timing import UNIT_RATE


@pytest.mark.parametrize("name, peak, sustained", [
    ("ddr4x4-77", 76.8, 73.35), ("kv260-16", 16.0, 16.0), ("ddr3-1.6", 1.6, 1.567),
    ("hbm-460", 460.8, 430.1),
])
def test_rates(name, peak, sustained):
    memory = find_memory(name)
    assert memory.peak_gb_s == pytest.approx(peak)
    assert memory.gb_s == pytest.approx(sustained, rel=1e-3)
    timing = memory.timing()
    share = min(1, timing.rate / UNIT_RATE * (1 - timing.refresh / timing.interval))
    assert share * memory.port_gb_s == pytest.approx(memory.gb_s, rel=2e-3)


@pytest.mark.parametrize("memory", MEMORIES.values(), ids=list(MEMORIES))
def test_the_engine_is_faster_than_the_memory(memory):
    machine = memory.machine()
    assert machine.ternary.weight_bytes * memory.clock_hz / 1e9 > 1.01 * memory.peak_gb_s
    # The prefetch bridges a refresh and the latency.
    clocks = (memory.latency_ns + memory.refresh_ns) * memory.clock_hz / 1e9
    assert machine.outside.prefetch > clocks


def test_an_unknown_memory():
    with pytest.raises(InputError, match="memory 'tape': no such memory; there are ddr4x4-77"):
        find_memory("tape")
