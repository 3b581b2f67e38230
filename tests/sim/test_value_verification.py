"""`sterna verify` finds every wrong or missing value of an accelerator, and names it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from sterna.compiler.fit import fit_machine
from sterna.compiler.schedule import schedule
from sterna.compiler.trace import trace_layout
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.model import open_model
from sterna.golden.executor import GoldenExecutor
from sterna.machine.keys import ValueKey
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.program.definition import Program
from sterna.program.instructions import Kernel, Lookup, Quantise, ScalarOperation
from sterna_sim.verification import Verifier

from tests.sim.spoilt_board import Fault, Shown, places, replace_board

MODEL = "random:hidden=20,layers=2,intermediate=12,vocabulary=40"
SHAPE = ("--config", "tiny", "--rows", 4, "--columns", 8, "--vector-lanes", 2)
TOKENS, SPOILT = 5, 2
PORTS = ("vector", "scalar", "accumulators")
RESULTS = 3
"""Scale, logits and rows of a token."""


@cache
def program() -> Program:
    return lower(open_model(MODEL).model, name=MODEL)


@cache
def shape() -> Machine:
    base = PRESETS["tiny"].having(rows=4, columns=8, vector_lanes=2)
    return fit_machine(program(), base)


@cache
def values() -> dict[ValueKey, tuple[str, np.ndarray]]:
    """What a token computes, by the golden."""
    found = {}
    GoldenExecutor(program()).step(3, observe=lambda key, name, value: found.update(
        {key: (name, np.asarray(value).reshape(-1))}))
    return found


def kind(key: ValueKey) -> str:
    """Of which kind a value is: the reason why it could be left out by itself."""
    item = program().section(key.section).items[key.item]
    if isinstance(item, ScalarOperation):
        return f"scalar {item.operation}"
    if isinstance(item, Quantise):
        return "code"
    if not isinstance(item, Kernel):
        return "accumulator of the head"
    if key.operation < 0:
        return "accumulator" if key.operation == -1 else "accumulator of another matrix"
    operation = item.body[key.operation]
    if isinstance(operation, Lookup):
        return "vector of a table"
    if operation.result is None:
        return "vector without a name"
    return f"vector, {program().vectors[operation.result].lifetime}"


def kinds() -> dict[str, ValueKey]:
    """The last value of each kind."""
    return {kind(key): key for key in values()}


def port_of(key: ValueKey) -> str:
    if kind(key).startswith("accumulator"):
        return "accumulators"
    return "scalar" if kind(key).startswith("scalar") else "vector"


def one(spoil, token: int = SPOILT) -> Fault:
    def fault(number: int, shown: Shown) -> None:
        if number == token:
            spoil(shown)

    return fault


def changed(key: ValueKey, element: int):
    """Another number in the trace; towards zero, since codes are clamped."""
    layout = trace_layout(schedule(program(), shape()), shape())
    place = places(layout)[key][element]

    def spoil(shown: Shown) -> None:
        numbers = shown.trace[port_of(key)].reshape(-1)
        numbers[place] += 1 if numbers[place] <= 0 else -1

    return spoil


@pytest.fixture
def verify(sterna, monkeypatch):
    """`sterna verify` on a machine with a fault."""

    def call(fault: Fault, *options: object):
        replace_board(monkeypatch, fault)
        return sterna("verify", MODEL, "--tokens", TOKENS, *SHAPE, *options)

    return call


def nothing(shown: Shown) -> None:
    pass


def test_the_model_has_every_kind_of_value():
    assert set(kinds()) == {
        "vector, local", "vector, carried", "vector, state", "vector without a name",
        "vector of a table", "code",
        "accumulator", "accumulator of another matrix", "accumulator of the head",
        "scalar absmax", "scalar squares", "scalar constant", "scalar multiply", "scalar add",
        "scalar rsqrt", "scalar code_scale"}


def test_all_values_are_compared(verify):
    outcome = verify(one(nothing), "--json")
    assert outcome.code == 0 and outcome.json["tokens"] == TOKENS
    assert outcome.json["vectors_compared"] == TOKENS * (len(values()) + RESULTS)
    assert outcome.json["differences"] == 0 and outcome.json["first_difference"] is None
    assert f"{TOKENS} tokens, {outcome.json['vectors_compared']} vectors compared, " \
        "no difference" in verify(one(nothing)).output


@pytest.mark.parametrize("name", kinds())
def test_a_wrong_value_is_a_difference(verify, name):
    key = kinds()[name]
    element = len(values()[key][1]) - 1
    outcome = verify(one(changed(key, element)), "--json")
    first = outcome.json["first_difference"]
    assert outcome.code == 1 and outcome.json["differences"] == 1
    assert (first["text"], first["token"]) == (0, SPOILT)
    assert ValueKey(*(first[part] for part in key._fields)) == key
    assert (first["name"], first["element"]) == (values()[key][0], element)
    assert abs(first["golden"] - first["simulated"]) == 1
    assert "1 differ; the first: text 0" in outcome.errors


def test_every_value_of_the_program_is_compared(monkeypatch):
    """A difference in each, one after the other, of which none hides another."""
    keys = list(values())
    for first in range(0, len(keys), 7):
        spoils = [changed(key, 0) for key in keys[first:first + 7]]

        def all_of_them(shown: Shown, spoils: list = spoils) -> None:
            for spoil in spoils:
                spoil(shown)

        replace_board(monkeypatch, one(all_of_them, 0))
        outcome = Verifier(program(), shape()).verify([[3]])
        assert outcome.differences == len(spoils)
        assert outcome.first_difference is not None
        assert outcome.first_difference.name == values()[keys[first]][0]


RESULT_FAULTS = {
    "mantissa": ("scale", 0, {0: 1}),
    "exponent": ("scale", 1, {1: 1}),
    "logit": ("logits", 3, {2 + 2 * 3: 1}),
    "row": ("tokens", 2, {3 + 2 * 2: 1}),
    "missing logit and row": ("logits", 3, {3 + 2 * 3: None}),
}
"""What differs first, and which words change, or become no row."""


@pytest.mark.parametrize("name", RESULT_FAULTS)
def test_a_wrong_result_is_a_difference(verify, name):
    what, element, spoil = RESULT_FAULTS[name]

    def spoilt(shown: Shown) -> None:
        for word, change in spoil.items():
            shown.result[word] = -1 if change is None else shown.result[word] + change

    assert shape().head.top_k == 4
    outcome = verify(one(spoilt), "--json")
    first = outcome.json["first_difference"]
    missing = name.startswith("missing")
    assert outcome.code == 1 and outcome.json["differences"] == 1 + missing
    assert (first["section"], first["token"]) == ("result", SPOILT)
    assert (first["name"], first["element"]) == (what, element)
    assert (first["simulated"] is None) == missing and first["golden"] is not None
    assert f"{what}[{element}] is {first['simulated']}, golden {first['golden']}" in outcome.errors


def test_differences_of_all_tokens_are_counted(verify):
    def spoil(token: int, shown: Shown) -> None:
        shown.result[0] = 0
        shown.result[3::2] += 1

    outcome = verify(spoil, "--json")
    assert outcome.code == 1 and outcome.json["differences"] == 2 * TOKENS
    assert outcome.json["first_difference"]["token"] == 0


@pytest.mark.parametrize("change", [-1, 1])
@pytest.mark.parametrize("port", PORTS)
def test_a_trace_of_another_length_is_told(verify, port, change):
    def spoil(shown: Shown) -> None:
        entries = shown.trace[port]
        shown.trace[port] = entries[1:] if change < 0 else np.concatenate([entries, entries[:1]])

    outcome = verify(one(spoil))
    what = {"vector": "vector groups", "scalar": "scalars",
            "accumulators": "row groups of accumulators"}
    assert outcome.code == 1 and f" {what[port]}, the program gives " in outcome.errors


@pytest.mark.parametrize("name", kinds())
def test_a_value_that_is_not_in_the_trace_is_no_equal_one(verify, monkeypatch, name):
    """As if the order of the trace left one out."""
    from sterna_sim import verification

    key, whole = kinds()[name], verification.assemble
    monkeypatch.setattr(verification, "assemble", lambda *arguments: {
        found: value for found, value in whole(*arguments).items() if found != key})
    outcome = verify(one(nothing), "--json")
    first = outcome.json["first_difference"]
    assert outcome.code == 1 and outcome.json["differences"] == TOKENS
    assert (first["name"], first["element"], first["simulated"]) == (values()[key][0], 0, None)


def test_a_value_that_the_program_does_not_have_is_told(verify, monkeypatch):
    from sterna_sim import verification

    whole = verification.assemble
    monkeypatch.setattr(verification, "assemble", lambda *arguments: whole(*arguments) | {
        ValueKey("head", 7, 0, 0): np.zeros(1, np.int64)})
    outcome = verify(one(nothing))
    assert outcome.code == 1 and "which the program does not have" in outcome.errors
