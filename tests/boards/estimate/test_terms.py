"""The area of a machine is the sum of that of its units."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest
from sterna.compiler.fit import fit_machine
from sterna.errors import InputError
from sterna.families.spiking.examples import EXAMPLES
from sterna.families.spiking.lowering import lower
from sterna.families.spiking.quantise import quantise
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS, STEP_MACHINE, token_machine
from sterna.machine.unit import AreaTerms, MemorySpec, Unit
from sterna_boards.estimate.area import FACTORS_FILE, estimate_area
from sterna_boards.estimate.memory_map import memory_map
from sterna_boards.estimate.terms import OTHER, area_terms

from tests.boards.estimate.packing import ECP5

TOKENS = PRESETS["small"]


@pytest.fixture(scope="module")
def steps():
    return fit_machine(lower(quantise(EXAMPLES["cubalif"]())), STEP_MACHINE)


def test_every_term_has_a_factor(steps) -> None:
    for family, factors in json.loads(FACTORS_FILE.read_text()).items():
        for kind in ("luts", "ffs"):
            assert factors["luts"].keys() == factors["ffs"].keys()
            for machine in (TOKENS, steps):
                for part, values in area_terms(machine).items():
                    if part in factors[kind]:
                        assert len(values) == len(factors[kind][part]), (family, part)


def test_units_add_up(steps) -> None:
    """Each has its parts, and its term of what is between them."""
    tokens, with_neurons = area_terms(TOKENS), area_terms(steps)
    group = TOKENS.vector.lanes * TOKENS.vector.word_bits
    assert tokens[OTHER] == (1, group, 0) and with_neurons[OTHER] == (1, 0, 1)
    assert tokens["core.splitter"] == (1, TOKENS.ternary.rows, group)
    assert with_neurons.keys() == {"synapses", "neurons", OTHER}
    area = estimate_area("ecp5", steps)
    assert sum(area.units.values()) == pytest.approx(area.luts, abs=3)
    factors = json.loads(FACTORS_FILE.read_text())["ecp5"]["luts"][OTHER]
    assert area.units[OTHER] == round(ECP5 * (factors[0] + factors[2]))


def test_every_stream_has_a_data_path_of_its_own() -> None:
    """Sequencer, weights, constants and what is between units serve all of them."""
    one, two = area_terms(TOKENS), area_terms(replace(TOKENS, streams=2))
    each = {"core.engine", "core.splitter", "core.vector", "core.inputs", "core.top_k"}
    assert each | {"core.sequencer", "core.weights", "core.triples", "core.constants", OTHER,
                   "forks"} == set(one)
    for part, values in one.items():
        if part != "forks":
            factor = 2 if part in each else 1
            assert two[part] == tuple(factor * value for value in values), part
    assert not any(one["forks"]) and all(two["forks"])


@pytest.mark.parametrize("planes, luts", [(2, 178), (3, 289), (5, 439)])
def test_planes_take_what_they_took_alone(planes: int, luts: int) -> None:
    """Beside the same engine without, of 4 rows of 24 tables, after synthesis for ECP5."""
    engine = token_machine(rows=4, columns=24, vector_lanes=4, block_groups=16, lane="tables",
                           code_depth=96, accumulator_bits=22)
    one, several = (estimate_area("ecp5", machine).units["core.engine"]
                    for machine in (engine, engine.having(planes=planes)))
    packing = json.loads(FACTORS_FILE.read_text())["ecp5"]["packing"]
    assert (several - one) / packing == pytest.approx(luts, rel=0.08)


@dataclass(frozen=True, kw_only=True)
class Unknown(Unit):
    """Of another package, without a word of its area."""

    name = "attention"


@dataclass(frozen=True, kw_only=True)
class Known(Unit):
    """The same with its area, a memory and a multiplier."""

    name = "attention"
    heads: int = 4

    def memories(self, machine: Machine) -> tuple[MemorySpec, ...]:
        return (MemorySpec("keys", 32, 512 * self.heads),)

    def multipliers(self, machine: Machine) -> int:
        return self.heads

    def area_terms(self, machine: Machine) -> AreaTerms:
        return {"core.attention": (1, self.heads)}

    def area_factors(self):
        return {"core.attention": ((100, 50), (10, 5))}


def test_a_unit_without_terms_is_an_error() -> None:
    machine = TOKENS.having(units=(*TOKENS.units, Unknown()))
    with pytest.raises(InputError, match="^area: the unit attention of this machine has no terms; "
                       "give its specification area_terms$"):
        estimate_area("ecp5", machine)


def test_a_unit_of_another_package_counts() -> None:
    machine = TOKENS.having(units=(*TOKENS.units, Known()))
    before, after = estimate_area("ecp5", TOKENS), estimate_area("ecp5", machine)
    assert after.units["core.attention"] == after.luts - before.luts == round(300 * ECP5)
    assert (after.ffs - before.ffs, after.dsps - before.dsps) == (30, 4)
    memories = memory_map("ecp5", machine, {})
    assert memories[-1].name == "keys" and memories[-1].block_rams == 4
    assert memories[:-1] == memory_map("ecp5", TOKENS, {})


def test_a_family_tells_which_units_were_never_synthesised(
        steps, monkeypatch: pytest.MonkeyPatch) -> None:
    known = json.loads(FACTORS_FILE.read_text())
    del known["xc7"]["luts"]["core.constants"]
    monkeypatch.setattr("sterna_boards.estimate.area._factors", lambda: known)
    assert estimate_area("xc7", steps).luts > 0
    with pytest.raises(InputError, match="xc7: no accelerator was synthesised for this family yet"
                                         " that has core.constants"):
        estimate_area("xc7", TOKENS)


def test_twin_tables_have_no_room_in_small_cells() -> None:
    twin = TOKENS.having(rows=8, columns=24, vector_lanes=8, code_depth=576, lane="twin_tables")
    tables = twin.having(lane="tables")
    assert estimate_area("xcup", twin) == estimate_area("xcup", tables)
    with pytest.raises(InputError, match="two sets of tables .* ecp5 do not; give tables"):
        estimate_area("ecp5", twin)
