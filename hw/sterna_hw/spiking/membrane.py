"""Input, current and membrane: steps 1 to 4 of the neuron's law."""

from __future__ import annotations

from collections.abc import Mapping

from amaranth.hdl import Const, Mux, Value
from sterna.law.neuron import Current, Decay, NeuronDefinition, Reset

from sterna_hw.spiking.arithmetic import Shifted, multiply, over, saturate, select
from sterna_hw.spiking.pipeline import Pipeline, Word


class Integration:
    """From the synaptic sum and the stored state to the membrane ``u`` before the threshold.

    Args:
        pipeline: takes the registers.
        definition: flags and widths.
        parameters: words of all parameters.
        sums: the word ``x``.
        states: words of the stored state, by the names of the definition.

    Attributes:
        pending: the bit ``r``, None if the reset has none.
        membrane: ``u``, saturated; for CLEAR_LATE after its reset, held while the neuron waits.
        states: the current ``i``, and for ALPHA ``a``, after the step.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        definition: NeuronDefinition,
        parameters: Mapping[str, Word],
        sums: Word,
        states: Mapping[str, Word],
    ) -> None:
        self._pipeline, self._definition = pipeline, definition
        self._parameters, self._before = parameters, states
        self.states: dict[str, Word] = {}
        self.pending = self._pending()
        drive = self._current(self._input(sums))
        self.membrane = self._membrane(drive)
        if definition.current is Current.ALPHA:
            self._reset_currents()

    def _pending(self) -> Word | None:
        d = self._definition
        if not d.reset.pending:
            return None
        above = self._pipeline.compute(
            "above", lambda v, h: v - h, self._before["v"], self._parameters["threshold"])
        return self._pipeline.compute("pending", lambda value: over(value, d.strict), above)

    def _input(self, sums: Word) -> Word:
        d, bias = self._definition, self._parameters["bias"]
        scaled = multiply(self._pipeline, "scaled", sums, self._parameters["gain"])
        if d.gain_shift or bias.constant != 0:
            shifted = Shifted(scaled, d.gain_shift, d.rounding)
            scaled = self._pipeline.compute("input", shifted.plus, scaled, bias)
        return self._saturate("y", scaled, d.membrane_bits)

    def _current(self, y: Word) -> Word:
        """Makes the state after the step; returns the drive."""
        d = self._definition
        if d.current is Current.NONE:
            return y
        before, factor = self._before["i"], self._parameters["current_factor"]
        if d.current is Current.JUMP:
            drive = self._pipeline.compute("jumped", lambda i, y: i + y, before, y)
            drive = self._saturate("drive", drive, d.current_bits)
            self.states["i"] = self._decayed("i", drive, factor, None, d.current_bits)
            return drive
        after = self._decayed("i", before, factor, y, d.current_bits)
        self.states["i"] = after
        if d.current is Current.ALPHA:
            negated = self._pipeline.compute("negated", lambda y: -y, y)
            self.states["a"] = self._decayed(
                "a", self._before["a"], self._parameters["adaptation_factor"], negated,
                d.adaptation_bits)
            return self._pipeline.compute("drive", lambda i, a: i + a, after, self.states["a"])
        return before if d.current is Current.OLD else after

    def _decayed(
        self, name: str, state: Word, factor: Word, addend: Word | None, bits: int
    ) -> Word:
        """``sat(R(state * factor) + addend)``."""
        shifted = self._times(f"{name}_product", state, factor)
        if addend is None:
            total = self._pipeline.compute(
                f"{name}_sum", lambda p: shifted.plus(p, Const(0, 1)), shifted.word)
        else:
            total = self._pipeline.compute(f"{name}_sum", shifted.plus, shifted.word, addend)
        return self._saturate(f"{name}_after", total, bits)

    def _membrane(self, drive: Word) -> Word:
        d, compute = self._definition, self._pipeline.compute
        v, leak, factor = self._before["v"], self._parameters["leak"], self._parameters["factor"]
        if self.pending is not None and d.reset is Reset.ZERO_LATE:
            v = compute("v_reset", Mux, self.pending, self._parameters["reset"], v)
        if d.current is Current.ALPHA:
            shifted = self._times("product", drive, factor)
            if d.reset is Reset.SOFT_LATE:
                assert self.pending is not None
                taken = compute("taken", select, self.pending, self._before["a"])
                raw = compute("sum", shifted.plus, shifted.word, taken)
            else:
                raw = compute("sum", lambda p: shifted.plus(p, Const(0, 1)), shifted.word)
            return self._finished(raw)
        if d.scale_drive:
            raw = self._scaled_drive(v, drive)
        elif d.decay is Decay.NONE:
            raw = compute("sum", lambda v, i: v + i, v, drive)
        else:
            away = v
            if leak.constant != 0:
                away = compute("away", lambda v, leak: v - leak, v, leak)
            if d.decay is Decay.MULTIPLY:
                rest = drive
                if leak.constant != 0:
                    rest = compute("rest", lambda i, leak: i + leak, drive, leak)
                shifted = self._times("product", away, factor)
                raw = compute("sum", shifted.plus, shifted.word, rest)
            else:
                rest = compute("rest", lambda v, i: v + i, v, drive)
                shifted = self._moved(away)
                raw = compute("sum", shifted.minus, shifted.word, rest)
        if self.pending is not None and d.reset in (Reset.SOFT_LATE, Reset.SOFT_ONCE):
            raw = compute("taken", lambda u, r, h: u - select(r, h), raw, self.pending,
                          self._parameters["threshold"])
        return self._finished(raw)

    def _scaled_drive(self, v: Word, drive: Word) -> Word:
        compute, leak = self._pipeline.compute, self._parameters["leak"]
        inside = compute("inside", lambda i, v: i - v, drive, v)
        if leak.constant != 0:
            inside = compute("inside_leak", lambda value, leak: value + leak, inside, leak)
        shifted = self._moved(inside)
        return compute("sum", shifted.plus, shifted.word, v)

    def _moved(self, word: Word) -> Shifted:
        d = self._definition
        if d.decay is Decay.SHIFT:
            return Shifted(word, d.decay_shift, d.rounding)
        return self._times("product", word, self._parameters["factor"])

    def _times(self, name: str, word: Word, factor: Word) -> Shifted:
        d = self._definition
        product = multiply(self._pipeline, name, word, factor)
        return Shifted(product, d.factor_fraction, d.rounding)

    def _finished(self, raw: Word) -> Word:
        """Saturation, with the late clear or the hold of a waiting neuron behind it."""
        d, compute = self._definition, self._pipeline.compute

        def limited(value: Value) -> Value:
            return saturate(value, d.membrane_bits)

        if self.pending is not None and d.reset is Reset.CLEAR_LATE:
            return compute("u", lambda u, r, reset: Mux(r, reset, limited(u)), raw,
                           self.pending, self._parameters["reset"])
        if d.refractory_hold:
            return compute("u", lambda u, left, v: Mux(left.any(), v, limited(u)), raw,
                           self._before["refractory"], self._before["v"])
        return compute("u", limited, raw)

    def _reset_currents(self) -> None:
        d, compute = self._definition, self._pipeline.compute
        if self.pending is None:
            return
        i, a = self.states["i"], self.states["a"]
        self.states["a"] = compute("a_reset", lambda r, a: select(~r, a), self.pending, a)
        if d.reset is Reset.CLEAR_LATE:
            self.states["i"] = compute("i_reset", lambda r, i: select(~r, i), self.pending, i)
            return
        taken = compute("i_taken", lambda i, r, h: i - select(r, h), i, self.pending,
                        self._parameters["threshold"])
        self.states["i"] = self._saturate("i_reset", taken, d.current_bits)

    def _saturate(self, name: str, word: Word, bits: int) -> Word:
        if len(word.value) < bits:
            return word
        return self._pipeline.compute(name, lambda value: saturate(value, bits), word)
