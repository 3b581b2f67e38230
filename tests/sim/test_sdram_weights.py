"""A whole accelerator with its weights in an SDR SDRAM."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sterna.errors import CheckError, InputError
from sterna.machine.machine import Machine
from sterna.machine.memory import Sdram
from sterna.machine.presets import PRESETS
from sterna.machine.sdram import find_part
from sterna_sim.board import SimulatedBoard
from sterna_sim.memory.sdram import SdramChip
from sterna_sim.memory.sdram_presets import SDRAM_MEMORIES
from sterna_sim.memory.timing import MemoryTiming
from sterna_sim.verification import Verification, Verifier

from tests.sim.outside import CLOCK, program, sdram


def verify(counts: tuple[int, ...], seed: int = 0, memory: SdramChip | None = None,
           **options) -> Verification:
    generator = np.random.default_rng(seed)
    texts = [generator.integers(0, 97, count).tolist() for count in counts]
    verifier = Verifier(program(), sdram(), "host", seed=seed, memory=memory, **options)
    try:
        return verifier.verify(texts)
    finally:
        verifier.close()


@pytest.mark.verilator
@pytest.mark.parametrize("seed", range(6))
def test_no_vector_differs(seed):
    """The link pauses at random, so that refreshes come at another phase of every token."""
    outcome = verify((12, 8), seed, stall_permille=100 * seed)
    assert outcome.first_difference is None
    assert (outcome.tokens, outcome.differences) == (20, 0)
    assert outcome.vectors_compared > 2000


@pytest.mark.verilator
def test_weights_loaded_over_the_link():
    outcome = verify((2,), stall_permille=50, over_link=True)
    assert outcome.first_difference is None and outcome.vectors_compared > 200


@pytest.mark.verilator
def test_a_token_is_as_fast_as_the_part():
    """A token that waits only for weights takes as long as its bytes, and refresh its share."""
    chosen = sdram()
    outcome = verify((6,))
    clocks = chosen.ternary.weight_depth * chosen.ternary.weight_bytes / 2
    clocks /= 1 - find_part(chosen.sdram.part).clocks(CLOCK).refresh_share
    assert clocks < outcome.counters.cycles / 6 < 1.01 * clocks + 200


@pytest.mark.verilator
def test_a_part_that_is_too_slow_for_the_controller_is_named():
    """A board built for 50 MHz that runs at 100 MHz."""
    with pytest.raises(CheckError, match=r"SDRAM: (power-up time|tRP|tRCD|tRFC): .* in clock \d+"):
        verify((1,), memory=SdramChip(find_part("16m16"), 2 * CLOCK))
    slow = replace(find_part("16m16"), t_rcd=45.0)
    with pytest.raises(CheckError, match="SDRAM: tRCD: an access after 40 ns instead of 45"):
        verify((1,), memory=SdramChip(slow, CLOCK))


@pytest.mark.verilator
def test_another_kind_of_memory_is_refused():
    with pytest.raises(ValueError, match=r"MemoryTiming\(.* is not how a memory like Sdram\("):
        SimulatedBoard(sdram(), memory=MemoryTiming())


@pytest.mark.parametrize("preset", SDRAM_MEMORIES.values(), ids=list(SDRAM_MEMORIES))
def test_presets_use_all_that_refresh_leaves(preset):
    part, chosen = find_part(preset.part), preset.machine()
    assert preset.peak_gb_s == pytest.approx(part.bits / 8 * preset.clock_hz / 1e9)
    assert 0.97 < preset.gb_s / preset.peak_gb_s < 1
    assert chosen.ternary.weight_bytes > 3 * part.bits / 8, "the engine makes up for its barriers"
    assert chosen.ternary.weight_bytes * 5 < 1.02 * chosen.ternary.lanes, "bytes that pad a word"


@pytest.mark.parametrize(("changes", "message"), [
    ({"memory_part": "tape"}, "SDRAM 'tape': no such part; there are 16m16, 2m32"),
    ({"memory_hz": 200_000_000}, "16m16: runs at up to 133 MHz with CAS latency 3, not at 200 MHz"),
    ({"memory_hz": 400_000}, "0.4 MHz is too slow for its refresh"),
    ({"memory_bits": 32}, "no field memory_bits; it has memory_part, memory_hz, memory_prefetch"),
    ({"memory_ports": 2}, "no field memory_ports; it has memory_part"),
    ({"memory_burst": 16}, "no field memory_burst; it has memory_part"),
    ({"memory_prefetch": 15}, "memory_prefetch = 15 must be at least two bursts, 16"),
    ({"weight_depth": 1 << 23}, "weight_depth = 8388608 must be at most what 33554432 bytes"),
])
def test_wrong_values(changes, message):
    base = PRESETS["small"].having(memory=Sdram(part="16m16", hz=round(CLOCK)))
    with pytest.raises(InputError, match=message):
        base.having(**changes)


def test_the_digest_names_the_part_and_its_clock():
    base = PRESETS["small"].having(memory=Sdram(part="16m16", hz=round(CLOCK)))
    others = [base.having(memory_hz=60_000_000),
              base.having(memory=Sdram(part="2m32", hz=round(CLOCK))),
              base.having(memory_prefetch=512), PRESETS["small"]]
    assert len({one.digest() for one in [base, *others]}) == 5
    assert Machine.from_json(base.to_json()) == base
