"""The golden neuron population: the step of `sterna.law.neuron` in exact 64-bit integers."""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.law.arithmetic import CODE_LIMIT
from sterna.law.neuron import (
    Count,
    Current,
    Decay,
    NeuronDefinition,
    Output,
    Reset,
    Rounding,
)
from sterna.law.neuron_parameters import NeuronParameters

Integers = NDArray[np.int64]
State = dict[str, Integers]
"""State words of neurons, [batch, neurons], by the names of `NeuronDefinition.states`."""


def shift_right(values: Integers, shift: int, rounding: Rounding) -> Integers:
    """``R(p, s)`` of the definition."""
    if shift == 0:
        return values
    if rounding is Rounding.FLOOR:
        return values >> shift
    if rounding is Rounding.ZERO:
        return np.where(values < 0, -(-values >> shift), values >> shift)
    half = 1 << (shift - 1)
    up = (values + half) >> shift
    if rounding is Rounding.HALF_UP:
        return up
    tie = (values & ((1 << shift) - 1)) == half
    return np.where(tie, up & ~np.int64(1), up)


def _clamp(values: Integers, limit: int) -> Integers:
    # As numpy.clip, which takes longer than all else for the few neurons of a layer.
    return np.minimum(np.maximum(values, -limit), limit)


def largest(bits: int) -> int:
    """Largest magnitude of a number of so many bits, as they are saturated."""
    return (1 << (bits - 1)) - 1


def _saturate(values: Integers, bits: int) -> Integers:
    return _clamp(values, largest(bits))


class NeuronLaw:
    """The law of `neurons` with their numbers; states and sums are [batch, neurons].

    Raises `InputError` when the parameters do not fit the definition.
    """

    def __init__(
        self, definition: NeuronDefinition, parameters: NeuronParameters, neurons: int
    ) -> None:
        parameters.check(definition, neurons)
        self.definition = definition
        self.neurons = neurons
        self._parameters = parameters.expanded(neurons)
        self.rounded: dict[str, NDArray[np.bool_]] | None = None
        """Where the last step rounded on the way to a state, by its name; counted if it is a dict.
        """

    def at_limit(self, state: State) -> int:
        """Neurons of which a state is the largest or least that its bits hold."""
        full = [self.full(name, values) for name, values in state.items() if name != "refractory"]
        return int(np.count_nonzero(reduce(np.logical_or, full)))

    def full(self, name: str, values: Integers) -> NDArray[np.bool_]:
        """Where a state word is the largest or least that its bits hold."""
        return np.abs(values) >= largest(self.definition.state_bits(name))

    @property
    def most_output(self) -> int:
        """Largest magnitude of an output: spikes of a step, or the membrane's."""
        d = self.definition
        return d.max_count if d.output is Output.SPIKE else largest(d.membrane_bits)

    def step(self, state: State, sums: Integers) -> Integers:
        """One step, which replaces the arrays of `state`; returns the output of step 9.

        Raises `InputError` for sums of another shape or beyond ``sum_bits``.
        """
        d, p = self.definition, self._parameters
        before = state["v"]
        if sums.shape != before.shape:
            raise InputError(f"neurons: sums of shape {sums.shape}, not {before.shape}")
        if sums.size and int(np.abs(sums).max()) >= 1 << (d.sum_bits - 1):
            raise InputError(f"neurons: a sum exceeds {d.sum_bits} bits; declare wider sums")
        pending = (
            self._over(before, p.threshold) if d.reset.pending else np.zeros(before.shape, bool)
        )
        if self.rounded is not None:
            self.rounded.clear()
        first = "v" if d.current is Current.NONE else "i"
        y = self._shifted(sums * p.gain, d.gain_shift, first) + p.bias
        y = _saturate(y, d.membrane_bits)
        slow_before = state.get("a")
        u = self._membrane(before, self._current(state, y), pending, slow_before)
        if d.current is Current.ALPHA:
            self._reset_currents(state, pending)
        threshold = p.threshold
        if d.adaptive and slow_before is not None:
            threshold = threshold + slow_before
        count = self._fire(u, threshold)
        if d.refractory:
            waiting = state["refractory"] > 0
            count = np.where(waiting, 0, count)
            left = np.where(waiting, state["refractory"] - 1, 0)
            state["refractory"] = np.where(count > 0, d.refractory, left)
            if d.refractory_hold:
                u = np.where(waiting, before, u)
        v = self._after(u, count, threshold, pending)
        state["v"] = v
        if d.adaptive:
            decayed = self._times(state["a"], p.adaptation_factor, "a")
            state["a"] = _saturate(decayed + count * p.increment, d.adaptation_bits)
        if d.output is Output.MEMBRANE:
            return v
        return count if d.output is Output.SPIKE else np.where(count > 0, u, 0)

    def codes(self, output: Integers) -> Integers:
        """What an output feeds to matrices and synapses."""
        shifted = shift_right(output, self.definition.output_shift, self.definition.rounding)
        return _clamp(shifted, CODE_LIMIT)

    def _over(self, values: Integers, level: Integers) -> NDArray[np.bool_]:
        return values > level if self.definition.strict else values >= level

    def _times(self, values: Integers, factor: Integers, state: str) -> Integers:
        return self._shifted(values * factor, self.definition.factor_fraction, state)

    def _shifted(self, values: Integers, shift: int, state: str) -> Integers:
        if self.rounded is not None:
            broken = values & ((1 << shift) - 1) != 0
            self.rounded[state] = broken | self.rounded.get(state, False)
        return shift_right(values, shift, self.definition.rounding)

    def _current(self, state: State, y: Integers) -> Integers:
        d, p = self.definition, self._parameters
        if d.current is Current.NONE:
            return y
        before = state["i"]
        if d.current is Current.JUMP:
            drive = _saturate(before + y, d.current_bits)
            state["i"] = _saturate(self._times(drive, p.current_factor, "i"), d.current_bits)
            return drive
        after = _saturate(self._times(before, p.current_factor, "i") + y, d.current_bits)
        state["i"] = after
        if d.current is Current.ALPHA:
            slow = self._times(state["a"], p.adaptation_factor, "a") - y
            state["a"] = _saturate(slow, d.adaptation_bits)
            return after + state["a"]
        return before if d.current is Current.OLD else after

    def _membrane(
        self,
        before: Integers,
        drive: Integers,
        pending: NDArray[np.bool_],
        slow_before: Integers | None,
    ) -> Integers:
        d, p = self.definition, self._parameters
        take = np.zeros(before.shape, np.int64)
        if d.reset in (Reset.SOFT_LATE, Reset.SOFT_ONCE):
            taken = p.threshold
            if d.current is Current.ALPHA and slow_before is not None:
                taken = -slow_before
            take = np.where(pending, taken, 0)
        v = np.where(pending, p.reset, before) if d.reset is Reset.ZERO_LATE else before
        away = v - p.leak
        if d.current is Current.ALPHA:
            total = self._times(drive, p.factor, "v")
        elif d.decay is Decay.NONE:
            total = v + drive
        elif d.decay is Decay.MULTIPLY:
            total = p.leak + self._times(away, p.factor, "v") + drive
        else:
            inside = drive - away if d.scale_drive else away
            if d.decay is Decay.EULER:
                moved = self._times(inside, p.factor, "v")
            else:
                moved = self._shifted(inside, d.decay_shift, "v")
            total = v + moved if d.scale_drive else v - moved + drive
        u = _saturate(total - take, d.membrane_bits)
        return np.where(pending, p.reset, u) if d.reset is Reset.CLEAR_LATE else u

    def _reset_currents(self, state: State, pending: NDArray[np.bool_]) -> None:
        d, p = self.definition, self._parameters
        if d.reset is Reset.NO_RESET:
            return
        left = np.zeros(pending.shape, np.int64)
        if d.reset is Reset.SOFT_LATE:
            left = _saturate(state["i"] - p.threshold, d.current_bits)
        state["i"] = np.where(pending, left, state["i"])
        state["a"] = np.where(pending, 0, state["a"])

    def _fire(self, u: Integers, threshold: Integers) -> Integers:
        d = self.definition
        first = threshold >> 1 if d.count is Count.COUNT_ROUND else threshold
        count = self._over(u, first).astype(np.int64)
        for level in range(1, d.max_count):
            count += self._over(u, first + level * threshold)
        return count

    def _after(
        self, u: Integers, count: Integers, threshold: Integers, pending: NDArray[np.bool_]
    ) -> Integers:
        d, p = self.definition, self._parameters
        if d.reset is Reset.HARD:
            v = np.where(count > 0, p.reset, u)
        elif d.reset is Reset.SOFT:
            v = u - count * threshold
        elif d.reset is Reset.SOFT_ONCE:
            v = u - (count - pending) * p.threshold
        else:
            v = u
        v = _saturate(v, d.membrane_bits)
        return np.maximum(v, p.floor) if d.clamped else v


class GoldenPopulation:
    """A population by itself, which keeps its ``state``; of `batch` independent copies.

    Raises `InputError` when the parameters do not fit the definition.
    """

    def __init__(
        self,
        definition: NeuronDefinition,
        parameters: NeuronParameters,
        neurons: int,
        batch: int = 1,
    ) -> None:
        self._law = NeuronLaw(definition, parameters, neurons)
        self.definition, self.codes = definition, self._law.codes
        self.state: State = {
            name: np.zeros((batch, neurons), np.int64) for name in definition.states}

    def step(self, sums: Integers) -> Integers:
        """One step with input sums int64 [batch, neurons], see `NeuronLaw.step`."""
        return self._law.step(self.state, sums)
