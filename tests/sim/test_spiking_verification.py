"""`sterna verify` of a spiking network finds every wrong or missing value of an accelerator."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.families.spiking.integers import Connection, Population, SpikingNetwork
from sterna.families.spiking.model import SpikingModel
from sterna.law.neuron import Current, NeuronDefinition, Output, Reset
from sterna.law.neuron_parameters import NeuronParameters
from sterna.law.planes import ternary_planes
from sterna.program.instructions import INPUT

from tests.sim.spoilt_board import Fault, Shown, replace_board

STEPS, SPOILT = 8, 3
LANES = 2
SIZES = {"first": 5, "second": 3, "twin": 2, "last": 2}
FULL = NeuronDefinition(membrane_bits=20, current=Current.NEW, current_bits=17, adaptive=True,
                        adaptation_bits=16, refractory=2, reset=Reset.HARD)
DEFINITIONS = {
    "first": FULL,
    "second": NeuronDefinition(membrane_bits=14, output=Output.VALUE, max_count=3),
    "twin": FULL,  # in the unit of `first`
    "last": NeuronDefinition(membrane_bits=22, reset=Reset.NO_RESET, output=Output.MEMBRANE),
}
KINDS = ("first", "second", "last")
"""One population of each kind of neurons."""
VALUES = [(name, kind) for name, definition in DEFINITIONS.items()
          for kind in ("sum", "output", *definition.states)]
"""Every kind of value of every population."""


def network() -> SpikingNetwork:
    rng = np.random.default_rng(5)
    parameters = NeuronParameters.of(
        factor=np.array([50_000]), current_factor=np.array([40_000]),
        adaptation_factor=np.array([50_000]), threshold=np.array([30]),
        increment=np.array([9]), gain=np.array([7]))

    def connection(source: str, target: str, sources: int) -> Connection:
        weights = rng.integers(-13, 14, (SIZES[target], sources))
        return Connection(source=source, target=target, planes=ternary_planes(weights, 3))

    return SpikingNetwork(
        name="all-kinds", inputs=4, output="last",
        populations=tuple(Population(name=name, neurons=SIZES[name], definition=definition,
                                     parameters=parameters)
                          for name, definition in DEFINITIONS.items()),
        connections=(connection(INPUT, "first", 4), connection("first", "second", 5),
                     connection(INPUT, "twin", 4), connection("first", "last", 5)))


@pytest.fixture
def verify(sterna, monkeypatch):
    """`sterna verify` of the network on an accelerator with a fault."""
    chosen = network()
    monkeypatch.setattr("sterna.families.spiking.model.open_example",
                        lambda name: SpikingModel("all-kinds", chosen))

    def call(fault: Fault, *options: object):
        replace_board(monkeypatch, fault)
        return sterna("verify", "l2mu", "--steps", STEPS, "--lanes", 2,
                      "--neuron-lanes", LANES, *options)

    return call


def where(name: str, kind: str) -> tuple[str, slice, int]:
    """Trace port, groups and column of a value; `first` and `twin` are of one kind of neurons."""
    number = KINDS.index("first" if name == "twin" else name)
    first = -(-SIZES["first"] // LANES) if name == "twin" else 0
    groups = slice(first, first - (-SIZES[name] // LANES))
    if kind in ("sum", "output"):
        return f"{number}_{kind}s", groups, 0
    return f"{number}_states", groups, DEFINITIONS[name].states.index(kind)


def columns(port: str) -> int:
    """Values of a neuron that lie side by side at a port."""
    return len(DEFINITIONS[KINDS[int(port[0])]].states) if port.endswith("states") else 1


def one(step: int, spoil) -> Fault:
    def fault(number: int, shown: Shown) -> None:
        if number == step:
            spoil(shown)

    return fault


def test_all_values_are_compared(verify):
    """Sums, outputs and states of all neurons, and the result, in every step."""
    outcome = verify(one(STEPS, None), "--json")
    neurons = {name: 2 + len(definition.states) for name, definition in DEFINITIONS.items()}
    values = sum(neurons[name] * size for name, size in SIZES.items()) + SIZES["last"]
    assert outcome.code == 0 and outcome.json["values_compared"] == STEPS * values
    assert outcome.json["differences"] == 0 and outcome.json["first_difference"] is None
    assert "no difference" in verify(one(STEPS, None)).output


def test_the_state_is_worth_comparing(verify):
    """Every state word and every output is other than 0 somewhere."""
    seen: dict[tuple[str, str], bool] = {}

    def look(step: int, shown: Shown) -> None:
        for value in VALUES:
            port, groups, column = where(*value)
            values = shown.trace[port][groups].reshape(-1, columns(port))[:SIZES[value[0]], column]
            seen[value] = seen.get(value, False) or bool(values.any())

    verify(look)
    assert list(seen) == VALUES and all(seen.values())


@pytest.mark.parametrize(("name", "kind"), VALUES)
def test_a_wrong_value_is_a_difference(verify, name, kind):
    neuron = SIZES[name] - 1

    def spoil(shown: Shown) -> None:
        port, groups, column = where(name, kind)
        shown.trace[port][groups.start + neuron // LANES,
                          neuron % LANES * columns(port) + column] ^= 1

    outcome = verify(one(SPOILT, spoil), "--json")
    assert outcome.code == 1 and outcome.json["differences"] == 1
    place = f"step {SPOILT}, {name}, neuron {neuron}: {kind} is "
    assert outcome.json["first_difference"].startswith(place)
    assert "1 differ; the first: " + place in outcome.errors


def test_a_wrong_result_is_a_difference(verify):
    def spoil(shown: Shown) -> None:
        shown.result[1] += 5

    outcome = verify(one(SPOILT, spoil), "--json")
    assert outcome.code == 1 and outcome.json["differences"] == 1
    assert outcome.json["first_difference"].startswith(f"step {SPOILT}, last, neuron 1: result")


def test_a_result_that_is_too_short_or_too_long_is_told(verify):
    def shorter(shown: Shown) -> None:
        shown.result = shown.result[:1]

    def longer(shown: Shown) -> None:
        shown.result = np.append(shown.result, 7)

    for fault in shorter, longer:
        outcome = verify(one(SPOILT, fault))
        assert outcome.code == 1 and " bytes is of no known form" in outcome.errors


def test_differences_are_counted_one_by_one(verify):
    def spoil(shown: Shown) -> None:
        port, groups, column = where("first", "v")
        values = shown.trace[port][groups].reshape(-1, columns(port))
        values[:3, column] += 1
        shown.trace[port][groups] = values.reshape(-1, LANES * columns(port))
        shown.result[:] += 1

    outcome = verify(one(SPOILT, spoil), "--json")
    assert outcome.code == 1 and outcome.json["differences"] == 3 + 2


@pytest.mark.parametrize("change", ["dropped", "repeated"])
@pytest.mark.parametrize(("name", "kind"), VALUES)
def test_what_is_missing_from_the_trace_is_told(verify, name, kind, change):
    """A group of neurons fewer, or one more, at one trace port."""
    def spoil(shown: Shown) -> None:
        port, groups, _ = where(name, kind)
        last = groups.stop - 1
        entries = shown.trace[port]
        shown.trace[port] = (np.delete(entries, last, 0) if change == "dropped" else
                             np.insert(entries, last, entries[last], 0))

    outcome = verify(one(SPOILT, spoil))
    assert outcome.code == 1 and f"step {SPOILT}: the trace has " in outcome.errors
    port = kind if kind in ("sum", "output") else "state"
    shared = "first, twin" if name in ("first", "twin") else name
    assert f" groups of {port}s of {shared}, the program gives " in outcome.errors


def test_a_missing_state_word_is_no_equal_one(verify, monkeypatch):
    """Where the trace does not name a state of the golden, or cannot."""
    from sterna_sim import verification

    whole = verification.assemble
    place = 1 + FULL.states.index("a")
    monkeypatch.setattr(verification, "assemble", lambda *arguments: {
        key: value for key, value in whole(*arguments).items() if key.operation != place})
    outcome = verify(one(STEPS, None), "--json")
    assert outcome.code == 1
    assert outcome.json["differences"] == STEPS * (SIZES["first"] + SIZES["twin"])
    assert "neuron 0: a is missing" in outcome.json["first_difference"]
