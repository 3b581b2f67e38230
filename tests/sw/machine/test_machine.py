"""A machine checks itself and its parts, names hardware by its digest, and comes back from JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest
from sterna.errors import InputError
from sterna.law.neuron import Current, NeuronDefinition, Output, Reset
from sterna.machine import registry
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi, Chip, Sdram
from sterna.machine.presets import PRESETS, STEP_MACHINE, step_machine, token_machine
from sterna.machine.protocol import (
    Space,
    result_entries,
    result_words,
    space_number,
    word_bits,
    word_depth,
)
from sterna.machine.row_memory import (
    RowsBesideWeights,
    RowsInSdram,
    held_bytes,
    row_base,
    row_beats,
)
from sterna.machine.unit import Counter, Instruction, MemorySpec, Unit
from sterna.machine.units.neurons import NeuronKind, history_bits, state_memory_bits
from sterna.machine.units.ternary import groups_per_row_group, groups_per_tile

KINDS = (
    NeuronKind(definition=NeuronDefinition(sum_bits=20, current=Current.NEW), groups=9,
               constants=(("threshold", 5),), varying=("gain", "factor", "bias")),
    NeuronKind(definition=NeuronDefinition(sum_bits=20, reset=Reset.NO_RESET,
                                           output=Output.MEMBRANE), codes=False, results=True),
)
SPIKING = step_machine(neuron_kinds=KINDS, taps=25, code_bits=2, outputs=10)
AXI = PRESETS["small"].having(memory=Axi())


@pytest.mark.parametrize(("changes", "message"), [
    ({"rows": 12}, "ternary_rows = 12 must be a multiple of vector_lanes, 8"),
    ({"columns": 24}, "columns = 24 must be a power of two"),
    ({"columns": 4}, "columns = 4 must be at least vector_lanes = 8"),
    ({"vector_lanes": 3}, "vector_lanes = 3 must be a power of two"),
    ({"vector_interval": 3}, "vector_interval = 3 must be 1 or 2"),
    ({"word_bits": 19}, "word_bits = 19 must be between 12 and 18"),
    ({"block_groups": 17}, "block_groups = 17 must be at most 16"),
    ({"accumulator_bits": 33}, "accumulator_bits = 33 must be at most 32"),
    ({"accumulator_bits": 16}, "accumulator_bits = 16 must be wide enough for 127"),
    ({"code_depth": 500}, "code_depth = 500 must be a multiple of columns"),
    ({"tables": 5}, "tables = 5 must be at most 4"),
    ({"top_k": 65}, "top_k = 65 must be at most 64"),
    ({"head_words": 16}, "head_words = 16 must be a power of two of at most vector_lanes"),
    ({"lane": "multipliers"}, "lane = multipliers must be adders, tables or twin_tables"),
    ({"lane": "tables"}, r"columns = 32 must be a multiple of 3 \* vector_lanes = 24 with tables"),
    ({"lane": "tables", "columns": 36, "code_depth": 540}, "columns = 36 must be a multiple of 3"),
    ({"weight_depth": 0}, "weight_depth must be a positive integer, not 0"),
    ({"input_depth": 2.5}, "input_depth must be a positive integer, not 2.5"),
    ({"streams": 17}, "streams = 17 must be at most 16"),
    ({"streams": 3, "shared": True}, "texts on one data path take 2 or 4 of them, not 3"),
    ({"streams": 2, "shared": True, "memory": Axi()}, "take weights on the chip; --streams"),
    ({"streams": 2, "shared": True, "compact": True}, "take a machine that is not compact"),
    ({"streams": 2, "shared": True, "vector_interval": 2}, "take vector_interval = 1"),
    ({"shared": 1}, "shared must be true or false"),
    ({"baud": -1}, "link_baud must be a whole number, 0 or more, not -1"),
    ({"memory": Axi(), "weight_depth": 1 << 27}, "at most what 32 address bits reach"),
    ({"memory": Axi(resident_words=9000)}, "resident_words = 9000 must be less than"),
    ({"memory": Sdram(), "weight_depth": 1 << 23}, "what 33554432 bytes"),
    ({"memory_ports": 2}, "machine: has no field memory_ports"),
    ({"colour": 1}, "machine: has no field colour; it has vector, scalar, ternary, loops"),
])
def test_wrong_values(changes, message):
    with pytest.raises(InputError, match=message):
        token_machine(**changes)


@pytest.mark.parametrize(("values", "message"), [
    ({"ports": 3}, "memory_ports = 3 must be a power of two of at most 32"),
    ({"bits": 1024}, "memory_bits = 1024 must be a power of two from 32 to 512"),
    ({"bits": 512, "burst": 128}, "memory_burst = 128 must be .* 4096 bytes"),
    ({"prefetch": 31}, "memory_prefetch = 31 must be at least two bursts, 32"),
])
def test_wrong_ports(values, message):
    with pytest.raises(InputError, match=message):
        Axi(**values)


@pytest.mark.parametrize(("change", "message"), [
    ({"synapse_lanes": 0}, "synapse_lanes must be a positive integer"),
    ({"synapse_lanes": 6}, "synapse_lanes = 6 must be a multiple of neuron_lanes"),
    ({"neuron_lanes": 3, "synapse_lanes": 3}, "neuron_lanes = 3 must be a power of two"),
    ({"code_bits": 9}, "code_bits = 9 must be 2 to 8"),
    ({"accumulator_bits": 22}, "= 22 must be the sum_bits of its neurons, 20"),
    ({"kinds": ()}, "0 kinds of neurons"),
    ({"kinds": (replace(KINDS[0], varying=("tau",)),)}, "no parameter of a neuron is named tau"),
    ({"lanes": 8}, "machine: lanes may be synapse_lanes, neuron_lanes; say which"),
])
def test_wrong_values_of_neurons(change, message):
    with pytest.raises(InputError, match=message):
        SPIKING.having(**change)


EVERY = [*PRESETS.values(), SPIKING, AXI, token_machine(memory=Sdram(), streams=2),
         token_machine(streams=2, shared=True),
         AXI.having(memory_constants=True, baud=115200, compact=True, trace=True)]


@pytest.mark.parametrize("machine", EVERY)
def test_json_round_trip(machine):
    assert Machine.from_json(machine.to_json()) == machine


@pytest.mark.parametrize(("text", "message"), [
    ("", "machine: is not valid JSON"),
    ("[1]", 'there is no "machine": "sterna-machine"'),
    ('{"rows": 8}', 'there is no "machine": "sterna-machine"'),
    ('{"machine": "sterna-machine", "version": 99}', "has version 99; this Sterna reads 1 and 2"),
    ('{"machine": "sterna-machine", "version": 1}', "the file: units is missing"),
])
def test_unreadable_json(text, message):
    with pytest.raises(InputError, match=message):
        Machine.from_json(text)


def test_foreign_parts():
    values = json.loads(SPIKING.to_json())
    values["units"][0]["unit"] = "abacus"
    with pytest.raises(InputError, match="a unit abacus, which is not installed; there are vector"):
        Machine.from_dict(values)
    values = json.loads(AXI.to_json())
    values["memory"]["memory"] = "tape"
    with pytest.raises(InputError, match="has a memory tape; there are chip, axi, sdram"):
        Machine.from_dict(values)


def test_derived_sizes():
    machine = token_machine(rows=16, columns=64, vector_lanes=4)
    assert machine.ternary.lanes == 1024
    assert machine.ternary.weight_bytes == 205
    assert groups_per_row_group(machine) == 4
    assert groups_per_tile(machine) == 16
    assert machine.vector.word_limit == 131071


def test_derived_sizes_of_tables():
    machine = token_machine(rows=16, columns=96, lane="tables", code_depth=576)
    assert machine.ternary.lanes == 1536
    assert machine.ternary.weight_bytes == 16 * 32 * 5 // 8
    assert groups_per_tile(machine) == 12
    assert machine.digest() != machine.having(rows=8).digest()


def test_widths_of_neurons():
    assert SPIKING.synapses.tap_bits == 5 and history_bits(SPIKING) == 50
    assert word_bits(SPIKING, Space.SYNAPSES) == 16 * (8 + 5)
    assert word_bits(SPIKING, Space.NEURONS) == 4 * (18 + 18 + 24)
    assert word_bits(SPIKING, Space.INPUT) == 4 * 2
    with pytest.raises(KeyError):
        word_depth(SPIKING, Space.TABLES)
    assert result_words(SPIKING) == 16 and result_entries(SPIKING) == 10
    assert state_memory_bits(SPIKING) == 4 * (9 * 48 + 24 + 64 * 50)


def test_digest_names_the_hardware():
    machine = PRESETS["small"]
    assert machine.having(trace=True, baud=9600).digest() == machine.digest()
    digests = {machine.having(**change).digest() for change in (
        {"rows": 8}, {"memory": Axi()}, {"top_k": 4}, {"weight_depth": 9000}, {"tables": 2})}
    assert len(digests | {machine.digest()}) == 6
    assert 0 <= machine.digest() < 1 << 64
    assert SPIKING.having(trace=True).digest() == SPIKING.digest()
    assert SPIKING.having(taps=24).digest() != SPIKING.digest()


def test_numbers_of_the_demos_machine_are_those_of_protocol_4():
    """Kinds and spaces are derived; boards that were built know them by number."""
    names = [item.name for item in PRESETS["standard"].instructions]
    assert names == ["END", "VECTOR", "SCALAR", "MATMUL", "REPEAT"]
    spaces = (Space.PROGRAM, Space.WEIGHTS, Space.CONSTANTS, Space.TABLES, Space.INPUT)
    assert [space_number(PRESETS["standard"], space) for space in spaces] == [0, 1, 2, 3, 4]
    counters = [item.name for item in PRESETS["standard"].counters]
    assert counters == ["cycles", "busy", "waiting_weights", "waiting_codes"]
    assert [item.name for item in STEP_MACHINE.instructions] == ["END", "ACCUMULATE", "NEURON"]
    assert [item.name for item in STEP_MACHINE.memories] == [
        "program", "synapses", "neurons", "input"]


@dataclass(frozen=True, kw_only=True)
class Abacus(Unit):
    """A unit from outside."""

    name = "abacus"
    rods: int = 3

    def instructions(self, machine: Machine) -> tuple[Instruction, ...]:
        return (Instruction("COUNT", (("beads", self.rods),), "counts"),)

    def memories(self, machine: Machine) -> tuple[MemorySpec, ...]:
        return (MemorySpec("rods", 4, 16),)

    def counters(self, machine: Machine) -> tuple[Counter, ...]:
        return (Counter("beads"),)

    def result_words(self, machine: Machine) -> int:
        return 2


class Point:
    """An entry point as `importlib.metadata` gives it."""

    name, dist = "abacus", None

    def __init__(self, found: object) -> None:
        self.found = found

    def load(self) -> object:
        if isinstance(self.found, BaseException):
            raise self.found
        return self.found


@pytest.fixture
def installed(monkeypatch):
    """Pretends that a package with an entry point is installed."""
    def install(found: object) -> None:
        registry.unit_types.cache_clear()
        monkeypatch.setattr(registry, "entry_points", lambda group: [Point(found)])

    yield install
    registry.unit_types.cache_clear()


def test_a_unit_from_outside_gets_numbers_of_its_own(installed):
    installed(Abacus)
    small = PRESETS["small"]
    machine = small.having(units=(*small.units, Abacus()), rods=5)
    assert Machine.from_json(machine.to_json()) == machine
    assert [item.name for item in machine.instructions][5:] == ["COUNT"]
    assert space_number(machine, "rods") == 4 and space_number(machine, Space.INPUT) == 5
    assert result_words(machine) == result_words(small) + 3
    assert machine.digest() != small.digest()


@pytest.mark.parametrize(("found", "message"), [
    (ImportError("no beads"), "its unit abacus cannot be loaded: no beads"),
    (SystemExit("two\nlines"), "its unit abacus cannot be loaded: SystemExit two lines; mend"),
    (int, "its unit abacus is no sterna.machine.unit.Unit"),
    (type(PRESETS["small"].vector), "there is a unit vector already"),
])
def test_a_broken_unit_is_named(installed, found, message):
    installed(found)
    with pytest.raises(InputError, match=message):
        registry.unit_types()


def test_parts_that_are_not_there():
    with pytest.raises(InputError, match="has no unit neuron; it has vector, scalar, ternary"):
        _ = PRESETS["small"].neurons
    with pytest.raises(InputError, match="has no memory outside the chip"):
        _ = PRESETS["small"].outside
    with pytest.raises(InputError, match="its memory is axi, not sdram"):
        _ = AXI.sdram
    with pytest.raises(InputError, match="has two units vector"):
        _ = PRESETS["small"].having(units=(*PRESETS["small"].units, PRESETS["small"].vector))
    assert AXI.having(memory=Chip()) == PRESETS["small"]


@pytest.mark.parametrize(("changes", "message"), [
    ({"row_memory": RowsInSdram(), "memory": Sdram()}, "row_memory_part = 16m16 must be that of"),
    ({"row_memory": RowsInSdram(part="2m32"), "input_depth": 1 << 19},
     "vector_input_depth = 524288 must be at most what 8388608 bytes of 2m32 hold beside weights"),
    ({"row_memory": RowsBesideWeights(), "memory": Sdram(part="2m32"), "input_depth": 465_000},
     "vector_input_depth = 465000 must be at most what 8388608 bytes"),
    ({"row_memory": RowsBesideWeights()}, "has no memory outside the chip"),
])
def test_rows_that_have_no_place(changes, message):
    with pytest.raises(InputError, match=message):
        PRESETS["standard"].having(vector_lanes=8, **changes)


def test_rows_outside_come_back_and_name_other_hardware():
    base = PRESETS["standard"]
    machines = [base, base.having(row_memory=RowsInSdram()),
                base.having(row_memory=RowsInSdram(hz=60_000_000)),
                base.having(row_memory=RowsInSdram(), row_memory_row_groups=16),
                base.having(memory=Sdram()),
                base.having(memory=Sdram(), row_memory=RowsBesideWeights())]
    assert len({one.digest() for one in machines}) == len(machines)
    for one in machines:
        assert Machine.from_json(one.to_json()) == one
        assert one.to_dict()["version"] == 1 + one.row_memory.outside
    with pytest.raises(InputError, match="has a row memory tape; there are chip, sdram, memory"):
        Machine.from_json(machines[1].to_json().replace('"row_memory": "sdram"',
                                                        '"row_memory": "tape"'))


def test_rows_lie_behind_the_last_burst_of_weights_in_whole_bytes():
    alone = PRESETS["standard"].having(row_memory=RowsInSdram(row_groups=16), input_depth=160)
    assert (row_base(alone), held_bytes(alone)) == (0, 160 * 36)
    assert row_beats(alone) == 8 * -(-(3 + 16) * 36 // 16)
    base = PRESETS["standard"].having(memory=Axi(ports=2, bits=64, burst=4), weight_depth=1001)
    beside = base.having(row_memory=RowsBesideWeights(), input_depth=160)
    assert (row_base(beside), held_bytes(beside)) == (52096, 52096 + 160 * 36)
    assert held_bytes(base) == 1001 * 52
