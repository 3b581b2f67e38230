"""One lane of the LIF engine: a neuron a clock through the steps of the law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from amaranth.hdl import Const, Module, Mux, Shape, Value, signed, unsigned
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import CODE_BITS
from sterna.law.neuron import Count, NeuronDefinition, Output, Reset
from sterna.law.neuron_parameters import FACTORS

from sterna_hw.component import Component
from sterna_hw.spiking.arithmetic import Shifted, multiply, saturate, select
from sterna_hw.spiking.fire import spike, spike_count
from sterna_hw.spiking.membrane import Integration
from sterna_hw.spiking.output_codes import signed_output, to_code
from sterna_hw.spiking.pipeline import MULTIPLIER_BITS, Pipeline, Word, constant


def state_layout(definition: NeuronDefinition) -> StructLayout:
    """The stored words of a neuron; the refractory counter is unsigned."""
    return StructLayout({
        name: unsigned(definition.state_bits(name)) if name == "refractory"
        else signed(definition.state_bits(name))
        for name in definition.states
    })


def parameter_shape(definition: NeuronDefinition, name: str) -> Shape:
    """Width of a parameter that is not constant."""
    return signed(definition.factor_bits if name in FACTORS else definition.membrane_bits)


def output_shape(definition: NeuronDefinition, codes: bool) -> Shape:
    """What a neuron hands on: a code, a count, or a membrane."""
    if codes:
        return signed(CODE_BITS)
    if definition.output is Output.SPIKE:
        return unsigned(definition.max_count.bit_length())
    return signed(definition.membrane_bits)


class Lane(Component):
    """The step of `sterna.law.neuron` for one neuron a clock. Never stalls.

    Latency: ``output_latency`` and ``state_latency`` clocks from ``sum``; they depend on the flags
    and on which parameters are constants. Units that the flags do not need are not built.

    Attributes:
        pipeline_bits: bits of its registers. multipliers: hardware multipliers.

    Members:
        sum: ``x``, signed of ``sum_bits``, In.
        parameters: structure of the parameters that are not constants, In, only if there are any.
        state: stored state of the same neuron, `state_layout`, one clock after ``sum``, In.
        output: after ``output_latency``, see `output_shape`, Out.
        new_state: after ``state_latency``, Out.

    Args:
        definition: flags and widths.
        constants: parameters that are the same for all neurons.
        varying: layout of the others.
        codes: the output is a code for the ternary engine.
        multiplier_bits: as for `Pipeline`.
    """

    def __init__(
        self,
        definition: NeuronDefinition,
        constants: Mapping[str, int],
        varying: StructLayout,
        codes: bool,
        multiplier_bits: int = MULTIPLIER_BITS,
    ) -> None:
        self._definition, self._codes = definition, codes
        layout = state_layout(definition)
        super().__init__({
            "sum": In(signed(definition.sum_bits)),
            **({"parameters": In(varying)} if varying.size else {}),
            "state": In(layout),
            "output": Out(output_shape(definition, codes)),
            "new_state": Out(layout),
        })
        self._pipeline = Pipeline(multiplier_bits)
        self._parameters = {name: constant(value) for name, value in constants.items()}
        for name in varying.members:
            self._parameters[name] = Word(name, self.parameters[name], 0)
        before = {name: Word(name, self.state[name], 1) for name in definition.states}
        self._output, self._states = self._build(Word("sum", self.sum, 0), before)
        self.pipeline_bits, self.multipliers = self._pipeline.bits, self._pipeline.multipliers
        self.output_latency = self._output.stage
        self.state_latency = max(word.stage for word in self._states.values())
        self._results: list[Any] = [self.output.eq(self._output.value)]
        for name, word in self._states.items():
            value = self._pipeline.at(word, self.state_latency)
            self._results.append(self.new_state[name].eq(value))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.d.sync += self._pipeline.statements
        m.d.comb += self._results
        return m

    def _build(self, sums: Word, before: dict[str, Word]) -> tuple[Word, dict[str, Word]]:
        d, pipeline = self._definition, self._pipeline
        step = Integration(pipeline, d, self._parameters, sums, before)
        states, u = step.states, step.membrane
        threshold = self._parameters["threshold"]
        if d.adaptive:
            threshold = pipeline.compute("level", lambda h, a: h + a, threshold, before["a"])
        waiting = before.get("refractory")
        if d.max_count == 1:
            count, above = spike(pipeline, d, u, threshold, waiting)
        else:
            count, above = spike_count(pipeline, d, u, threshold, waiting), None
        states["v"] = v = self._after(u, count, above, threshold, step.pending)
        if waiting is not None:
            states["refractory"] = pipeline.compute("waits", self._waits, count, waiting)
        if d.adaptive:
            states["a"] = self._adapted(before["a"], count)
        return self._handed_on(u, v, count), states

    def _waits(self, count: Value, left: Value) -> Value:
        bits = len(left)
        fewer = (left - 1)[:bits] & left.any().replicate(bits)
        fired = count.any().replicate(bits)
        return fewer | (Const(self._definition.refractory, bits) & fired)

    def _after(self, u: Word, count: Word, above: Word | None, threshold: Word,
               pending: Word | None) -> Word:
        """The membrane after the reset of step 7."""
        d, compute = self._definition, self._pipeline.compute
        v, safe = u, True
        if d.reset is Reset.HARD:
            v = compute("v_hard", lambda c, r, u: Mux(c.any(), r, u), count,
                        self._parameters["reset"], u)
        elif d.reset is Reset.SOFT:
            # Above a threshold that is not negative, the difference cannot leave the range.
            safe = threshold.constant is not None and threshold.constant >= 0
            if above is not None and d.count is Count.COUNT_FLOOR:
                v = compute("v_soft", Mux, count, above, u)
            else:
                v = compute("v_soft", lambda u, t: u - t, u, self._total(count, threshold))
        elif d.reset is Reset.SOFT_ONCE:
            assert pending is not None
            safe = False
            v = compute("v_once", lambda u, c, r, h: u - select(c & ~r, h) + select(r & ~c, h),
                        u, count, pending, self._parameters["threshold"])
        if not safe:
            v = compute("v_limited", lambda value: saturate(value, d.membrane_bits), v)
        elif len(v.value) > d.membrane_bits:
            v = Word(v.name, v.value[:d.membrane_bits].as_signed(), v.stage)
        if d.clamped:
            floor = self._parameters["floor"]
            under = compute("under", lambda v, floor: (v - floor)[-1], v, floor)
            v = compute("v_clamped", Mux, under, floor, v)
        return v

    def _total(self, count: Word, each: Word) -> Word:
        """``count * each``."""
        if self._definition.max_count == 1:
            return self._pipeline.compute("total", select, count, each)
        counted = replace(count, value=signed_output(count.value))
        return multiply(self._pipeline, "total", counted, each)

    def _adapted(self, before: Word, count: Word) -> Word:
        d, compute = self._definition, self._pipeline.compute
        product = multiply(
            self._pipeline, "a_product", before, self._parameters["adaptation_factor"])
        shifted = Shifted(product, d.factor_fraction, d.rounding)
        more = self._total(count, self._parameters["increment"])
        total = compute("a_sum", shifted.plus, product, more)
        return compute("a_after", lambda value: saturate(value, d.adaptation_bits), total)

    def _handed_on(self, u: Word, v: Word, count: Word) -> Word:
        """The output of step 9."""
        d, compute = self._definition, self._pipeline.compute
        if d.output is Output.SPIKE:
            word = count
        elif d.output is Output.VALUE:
            word = compute("graded", lambda c, u: select(c.any(), u), count, u)
        else:
            word = v
        if not self._codes:
            return word
        word = replace(word, value=signed_output(word.value))
        return to_code(self._pipeline, d, word, CODE_BITS)
