"""Recurrences of published models as passes over a matrix state, against float64.

Equations: spec of S4, S5 and S5c in the sheets of systems; sources are the papers named. Operands
are rounded to words of the fractions below first, so that the error is that of the state alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sterna.golden.executor import GoldenExecutor
from sterna.law.matrix_state import new_cell
from sterna.program.definition import Parameters, Program, VectorFormat
from sterna.program.instructions import Element, Kernel, Section, Unit
from sterna.program.items import Item
from sterna.program.matrix_state import MatrixState, StateFormat

HEADS, KEYS, VALUES, STEPS = 2, 16, 12, 600
KEY, VALUE, STATE, LOSS = 14, 11, 11, 18
"""Fraction bits of keys and queries, values and results, cells, and losses."""
FORMAT = StateFormat(heads=HEADS, rows=KEYS, columns=VALUES, fraction=STATE, decay_fraction=LOSS,
                     product_shift=KEY + VALUE - STATE, read_shift=KEY + STATE - VALUE)
Floats = NDArray[np.float64]
Step = Callable[[dict[str, Floats], Floats], tuple[Floats, Floats]]


def over(**values: Any) -> MatrixState:
    return MatrixState(state="S", format=FORMAT, **values)


def error(read: str, result: str) -> Kernel:
    """What a value differs from what was read."""
    return Kernel(name=result, length=HEADS * VALUES, body=(
        Element(result=result, a=read, multiplier=Unit(-1), addend="v"),))


def outer(a: Floats, b: Floats) -> Floats:
    return a[:, :, None] * b[:, None, :]


def read(q: Floats, state: Floats) -> Floats:
    return (q[:, :, None] * state).sum(1)


def rwkv6(x: dict[str, Floats], state: Floats) -> tuple[Floats, Floats]:
    """Eagle and Finch, arXiv 2404.05892: the bonus u only counts for the present token."""
    y = read(x["r"], state + outer(x["uk"], x["v"]))
    return y, state - x["w"][:, :, None] * state + outer(x["k"], x["v"])


def rwkv7(x: dict[str, Floats], state: Floats) -> tuple[Floats, Floats]:
    """Goose, arXiv 2503.14456, with keys as rows: na is -kk * a."""
    p = read(x["kk"], state)
    new = state - x["w"][:, :, None] * state + outer(x["na"], p) + outer(x["k"], x["v"])
    return read(x["r"], new), new


def gla(x: dict[str, Floats], state: Floats) -> tuple[Floats, Floats]:
    """Gated linear attention, arXiv 2312.06635; HGRN2 has k = w (arXiv 2404.07904)."""
    new = state - x["w"][:, :, None] * state + outer(x["k"], x["v"])
    return read(x["r"], new), new


def gated_delta(x: dict[str, Floats], state: Floats) -> tuple[Floats, Floats]:
    """Gated DeltaProduct, arXiv 2502.10297, two sub-steps; bk is beta * k, a loss a head."""
    state = state - x["loss"][:, :, None] * state
    state = state + outer(x["bk"], x["v"] - read(x["k"], state))
    state = state + outer(x["na"], x["v"] - read(x["kk"], state))
    return read(x["r"], state), state


def bdh(x: dict[str, Floats], state: Floats) -> tuple[Floats, Floats]:
    """The Dragon Hatchling, arXiv 2509.26507: read first, and nothing is lost."""
    return read(x["r"], state), state + outer(x["k"], x["v"])


@dataclass(frozen=True)
class Family:
    step: Step
    items: tuple[Item, ...]
    bound: float
    """Rms of the error over the standard deviation of what is read."""


FAMILIES = {
    "rwkv5 and rwkv6": Family(rwkv6, (
        over(products=(("uk", "v"),), read="r", result="y", store=False),
        over(decay="w", products=(("k", "v"),))), .003),
    "rwkv7": Family(rwkv7, (
        over(read="kk", result="p"),
        over(decay="w", products=(("na", "p"), ("k", "v")), read="r", result="y")), .004),
    "gla and hgrn2": Family(gla, (
        over(decay="w", products=(("k", "v"),), read="r", result="y"),), .003),
    "gated deltaproduct": Family(gated_delta, (
        over(decay="loss", read="k", result="p"), error("p", "e"),
        over(products=(("bk", "e"),)),
        over(read="kk", result="p"), error("p", "e"),
        over(products=(("na", "e"),), read="r", result="y")), .004),
    "bdh": Family(bdh, (
        over(read="r", result="y"), over(products=(("k", "v"),))), .001),
}
LENGTHS = {"r": KEYS, "k": KEYS, "kk": KEYS, "na": KEYS, "uk": KEYS, "bk": KEYS, "w": KEYS,
           "v": VALUES, "loss": 1}
FRACTIONS = {"w": LOSS, "loss": LOSS, "v": VALUE}


def operands(draw: np.random.Generator) -> dict[str, Floats]:
    """Of the size that the models have: keys are normalised, decays lie between .9 and .9999."""
    def unit(values: Floats) -> Floats:
        return values / np.sqrt((values**2).sum(1, keepdims=True))

    found = {name: draw.normal(size=(HEADS, length)) for name, length in LENGTHS.items()}
    found |= {name: unit(found[name]) for name in ("r", "k", "kk")}
    beta = draw.uniform(0, 1, (HEADS, 1))
    found |= {"w": 10 ** draw.uniform(-4, -1, (HEADS, KEYS)), "na": -beta * found["kk"],
              "bk": beta * found["k"], "uk": .5 * found["k"],
              "loss": 10 ** draw.uniform(-3, -1, (HEADS, 1))}
    return {name: np.rint(values * 2.0**FRACTIONS.get(name, KEY)) / 2.0**FRACTIONS.get(name, KEY)
            for name, values in found.items()}


def program(items: tuple[Item, ...]) -> Program:
    """Operands are vectors of lifetime state, which the test writes before each RUN."""
    used = dict.fromkeys(name for item in items for name in item.vectors_read()
                         if name in LENGTHS)
    vectors = {name: VectorFormat(length=HEADS * LENGTHS[name], fraction=0, lifetime="state")
               for name in used}
    keep = tuple(Kernel(name=name, length=HEADS * LENGTHS[name], body=(
        Element(result=name, a=name, multiplier=Unit(1)),)) for name in used)
    vectors |= {name: VectorFormat(length=HEADS * VALUES, fraction=VALUE, lifetime=lifetime)
                for name, lifetime in (("p", "local"), ("e", "local"), ("y", "carried"))}
    return Program(
        name="recurrence", word_bits=18, input_length=1, rows=0, results=("y",),
        sections=(Section(name="main", items=(*keep, *items)),), vectors=vectors, matrices={},
        tables={}, parameters=Parameters())


@pytest.mark.parametrize("name", FAMILIES)
def test_a_recurrence_is_that_of_float(name: str) -> None:
    family, draw = FAMILIES[name], np.random.default_rng(1)
    executor = GoldenExecutor(program(family.items))
    state: Floats = np.zeros((HEADS, KEYS, VALUES))
    wanted, found = [], []
    for _ in range(STEPS):
        given = operands(draw)
        y, state = family.step(given, state)
        wanted.append(y.reshape(-1))
        words = {f"main[0].{key}": np.rint(value.reshape(1, -1) * 2.0**FRACTIONS.get(key, KEY))
                 for key, value in given.items()}
        kept = executor.snapshot()
        executor.restore({key: words.get(key, value) for key, value in kept.items()})
        found.append(executor.run(np.zeros((1, 1), np.int64))["y"][0] / 2.0**VALUE)
    assert not executor.saturated()
    off = np.sqrt(np.mean((np.array(found) - wanted)**2)) / np.std(wanted)
    assert family.bound / 8 < off < family.bound, off


@pytest.mark.parametrize(("loss", "low", "high"), [
    (14, .06, .2), (18, .002, .02), (24, 0, .0005)])
def test_a_small_loss_needs_its_bits(loss: int, low: float, high: float) -> None:
    """Of 1e-4 a RUN: the error of cells after 20,000 of them, over their standard deviation."""
    draw, decay, fraction = np.random.default_rng(2), 1e-4, 10
    errors, cells = [], []
    for _ in range(6):
        exact, cell = 0.0, 0
        for value in draw.normal(.05, 1, 20_000):
            word = round(value * 2**12)
            exact = exact * (1 - decay) + word / 2**12
            cell = new_cell(cell, round(decay * 2**loss), [(word, 1)], decay_fraction=loss,
                            product_shift=12 - fraction, limit=1 << 40)
        errors.append(cell / 2**fraction - exact)
        cells.append(exact)
    off = np.sqrt(np.mean(np.square(errors)) / np.mean(np.square(cells)))
    assert low < off < high, off
