"""Layers in integers against their definitions in float64, and against the machine that runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest
from sterna.compiler.fit import fit_machine
from sterna.families.layers.fire import fire, neuron_constants, neuron_scalars
from sterna.families.layers.norm import GAIN_FRACTION, LayerNorm
from sterna.families.layers.ones import ONES, UNIT, UNIT_WORD, make_ones
from sterna.families.layers.shift import MIX_FRACTION, squared_relu, token_shift
from sterna.families.layers.tables import EDGE, EDGE_VALUE, LOG_FRACTION, ONE, layer_tables
from sterna.families.layers.wkv import Wkv
from sterna.golden.executor import GoldenExecutor
from sterna.golden.neuron import GoldenPopulation
from sterna.law.neuron import Decay, NeuronDefinition, Reset
from sterna.law.neuron_parameters import NeuronParameters
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.presets import PRESETS
from sterna.program.definition import Parameters, Program, ScalarConstant, VectorFormat
from sterna.program.instructions import Element, Kernel, ScalarOperation, Section, Unit
from sterna.program.items import Item
from sterna.program.validate import validate_program
from sterna_sim.verification import Verifier

from tests.sw.families.layers.programs import recurrent_program

TEXT = [5, 1, 60, 60, 2, 17]


@dataclass(frozen=True)
class Given(Parameters):
    vectors: Mapping[str, np.ndarray]
    scalars: Mapping[str, ScalarConstant]

    def vector(self, section: str, repetition: int, name: str) -> np.ndarray:
        return self.vectors[name].astype(np.int32)

    def scalar(self, section: str, repetition: int, name: str) -> ScalarConstant:
        return self.scalars[name]


def computed(length: int, items: tuple[Item, ...], formats: Mapping[str, VectorFormat],
             vectors: Mapping[str, np.ndarray], scalars: Mapping[str, ScalarConstant],
             inputs: np.ndarray, result: str, mean: str | None = None) -> np.ndarray:
    """The vector ``result`` after each row of words; the row is the carried vector ``x``."""
    enter = Kernel(name="enter", length=length, body=(
        Element(result="x", a="input", multiplier=Unit(1), sum=mean), *make_ones("x")))
    carried = VectorFormat(length=length, fraction=None, lifetime="carried")
    program = Program(
        name="layer", word_bits=18, input_length=length, rows=0, results=(result,),
        sections=(Section(name="main", items=(enter, *items)),), matrices={},
        vectors={"x": carried, ONES: carried, "none": replace(carried, lifetime="local"),
                 **formats, result: carried},
        tables=layer_tables(),
        parameters=Given({UNIT: np.full(length, UNIT_WORD), **vectors}, scalars))
    validate_program(program)
    golden = GoldenExecutor(program)
    return np.stack([golden.run(row[None])[result][0] for row in inputs])


@pytest.mark.parametrize("length, fraction, spread, offset", [
    (768, 10, 1.0, 0.3), (1024, 8, 20.0, -60.0), (64, 12, 0.02, 0.0), (20, 10, 3.0, 90.0)])
def test_layer_norm(length: int, fraction: int, spread: float, offset: float) -> None:
    """Words of a large mean, of a small spread, and all alike."""
    draw, out = np.random.default_rng(length), 12
    norm = LayerNorm("n", length, fraction, out)
    inputs = np.rint((draw.normal(offset, spread, (20, length))) * 2**fraction).astype(np.int64)
    inputs[0] = inputs[0, 0]
    gain, bias = draw.integers(-8000, 8000, length), draw.integers(-4000, 4000, length)
    formats = {"centred": VectorFormat(length=length, fraction=fraction)}
    found = computed(length, norm.items("x", "y"), formats, {"n_gain": gain, "n_bias": bias},
                     norm.scalars(), inputs, "y", norm.mean)
    real = inputs / 2**fraction
    centred = real - real.mean(1, keepdims=True)
    wanted = (centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5)
              * gain / 2**GAIN_FRACTION + bias / 2**out)
    # Half a word less the mean, which is of 16 bits: as much as the spread makes of it.
    words = 0.5 + np.abs(inputs.mean(1)) / 2**16
    unit = np.abs(gain).max() / 2**GAIN_FRACTION / (
        2**fraction * np.sqrt((centred**2).mean(1) + 1e-5))
    allowed = 2e-4 * np.abs(wanted).max() + words * unit + 1.5 / 2**out
    assert (np.abs(found / 2**out - wanted).max(1) < allowed).all()


def test_neurons_fire_as_the_law_says() -> None:
    """In every word, at the threshold and beside it too; silent ones, and ends of the words."""
    length, fraction, steps = 200, 12, 60
    definition = NeuronDefinition(
        sum_bits=18, membrane_bits=18, decay=Decay.EULER, scale_drive=True, strict=False,
        reset=Reset.HARD)
    one, draw = 1 << fraction, np.random.default_rng(3)
    drive = np.rint(draw.normal(0.6, 1.2, (steps, length)) * one).astype(np.int64)
    drive[0] = 2 * one + np.arange(length) - length // 2
    drive[1::2, :9] = (60000, -60000, 0, one, 2 * one, 2 * one - 1, -1, 1, one - 1)
    kernel = Kernel(name="fire", length=length, body=(
        Element(result="y", a="x", multiplier=Unit(1)), *fire("y", "v", "s")))
    constants = (ScalarOperation(result=EDGE, operation="constant", operands=(EDGE,)),
                 *neuron_constants())
    formats = {"y": VectorFormat(length=length, fraction=fraction),
               "v": VectorFormat(length=length, fraction=fraction, lifetime="state")}
    found = computed(length, (*constants, kernel), formats, {},
                     {EDGE: EDGE_VALUE, **neuron_scalars(fraction)}, drive, "s")
    numbers = NeuronParameters.of(factor=1 << definition.factor_fraction - 1, threshold=one)
    population = GoldenPopulation(definition, numbers, length)
    assert np.array_equal(found, np.concatenate([
        population.step(row[None]) * ONE for row in drive]))
    assert 0.05 < (found > 0).mean() < 0.6


def published(keys: np.ndarray, values: np.ndarray, decay: np.ndarray, bonus: np.ndarray
              ) -> np.ndarray:
    """The recurrence as published: sums (aa, bb) below a running maximum pp."""
    aa, bb, pp = np.zeros_like(decay), np.zeros_like(decay), np.full_like(decay, -1e30)
    results = []
    for k, v in zip(keys, values, strict=True):
        q = np.maximum(pp, bonus + k)
        old, new = np.exp(pp - q), np.exp(bonus + k - q)
        results.append((old * aa + new * v) / (old * bb + new))
        q = np.maximum(pp + decay, k)
        old, new = np.exp(pp + decay - q), np.exp(k - q)
        aa, bb, pp = old * aa + new * v, old * bb + new, q
    return np.stack(results)


def attended(keys: np.ndarray, decay: np.ndarray, bonus: np.ndarray, fraction: int
             ) -> tuple[np.ndarray, np.ndarray]:
    """What the layer gives for keys, and the recurrence; values are the keys before, mixed."""
    length, wkv = keys.shape[1], Wkv("w", keys.shape[1], fraction)
    words = {name: np.rint(array * 2**LOG_FRACTION).astype(np.int64)
             for name, array in (("keys", keys), ("w_decay", decay), ("w_bonus", bonus))}
    items = (ScalarOperation(result=EDGE, operation="constant", operands=(EDGE,)),
             Kernel(name="attend", length=length, body=(
                 *wkv.body("x", "before", "y"),
                 Element(result="before", a="x", multiplier=Unit(1)))))
    formats = {"before": VectorFormat(length=length, fraction=fraction, lifetime="state")}
    found = computed(length, items, formats | wkv.vectors(), words, {EDGE: EDGE_VALUE},
                     words["keys"], "y")
    exact = {name: array / 2**LOG_FRACTION for name, array in words.items()}
    values = np.concatenate([np.zeros((1, length)), words["keys"][:-1] / 2**fraction])
    return found / 2**fraction, published(exact["keys"], values, exact["w_decay"],
                                          exact["w_bonus"])


def test_attention_is_the_published_recurrence() -> None:
    """Keys of up to eight, decays from none to nearly all: 2e-3 of the standard deviation."""
    draw = np.random.default_rng(4)
    keys = draw.normal(0, 2, (1000, 128)).clip(-8, 8) / 2 + draw.normal(0, 1, 128)
    found, wanted = attended(keys, -np.exp(draw.uniform(-8, 1.5, 128)), draw.normal(0.5, 0.7, 128),
                             13)
    assert np.sqrt(np.mean((found - wanted) ** 2)) < 2e-3 * wanted.std()


def test_attention_has_no_past_at_first() -> None:
    """Whatever the key is: its value is the average, and the next one is weighed against it."""
    keys = np.array([[-15.9, 0, 15.9, -9], [-15.9, 0, 15.9, 9], [-15.9, 1, 15.9, -9]])
    found, wanted = attended(keys, np.full(4, -1e-3), np.array([-15.0, 0, 15, -6]), 12)
    assert not found[0].any(), "the value before the first key is 0"
    assert np.abs(found - wanted).max() < 3e-3


def test_token_shift_is_a_mixture() -> None:
    draw = np.random.default_rng(1)
    mix, inputs = draw.integers(0, 65537, 16), draw.integers(-60000, 60001, (5, 16))
    body = token_shift("x", "before", [("y", "mix", None)], "none")
    formats = {"before": VectorFormat(length=16, fraction=0, lifetime="state")}
    found = computed(16, (Kernel(name="k", length=16, body=body),), formats, {"mix": mix}, {},
                     inputs, "y")
    before = np.concatenate([np.zeros((1, 16)), inputs[:-1]])
    share = mix / 2**MIX_FRACTION
    assert np.abs(found - (inputs * share + before * (1 - share))).max() <= 0.5


def test_squared_relu_is_exact() -> None:
    inputs = np.arange(-131071, 131072, 3)[:, None].repeat(1, 1).reshape(-1)
    inputs = np.pad(inputs, (0, -len(inputs) % 4096)).reshape(-1, 4096)
    body = (Element(result="none", a="x", multiplier=Unit(1)), *squared_relu("y", "none", 20))
    edge = ScalarOperation(result=EDGE, operation="constant", operands=(EDGE,))
    found = computed(4096, (edge, Kernel(name="k", length=4096, body=body)), {}, {},
                     {EDGE: EDGE_VALUE}, inputs, "y")
    assert np.array_equal(found, (np.maximum(inputs, 0) ** 2 + 2**19) >> 20)


@pytest.mark.parametrize("change", [lambda base: base, lambda base: base.having(streams=3)],
                         ids=["one stream", "three streams"])
def test_a_machine_made_for_layers_computes_them(change: Callable) -> None:
    """Every value of all of them together, with texts that begin in the middle of others."""
    program = recurrent_program(20, 51, 65, 2)
    machine = fit_machine(program, change(PRESETS["tiny"]))
    assert machine.vector.sums and machine.head.gains and machine.ternary.planes == 5
    verifier = Verifier(program, machine, board=EmulatedBoard(machine.having(trace=True)))
    outcome = verifier.verify([TEXT, TEXT[:2], TEXT[1:]])
    assert outcome.differences == 0, outcome.first_difference
    assert outcome.tokens == 13
