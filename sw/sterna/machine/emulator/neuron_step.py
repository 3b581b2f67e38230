"""The neuron units: one step of the law (`sterna.law.neuron`) for groups of neurons."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sterna.law.neuron import Count, Current, Decay, NeuronDefinition, Output, Reset, Rounding

Integers = NDArray[np.int64]
_PENDING_TAKE = (Reset.SOFT_LATE, Reset.SOFT_ONCE)


def rounded(value: Integers, shift: int, rounding: Rounding) -> Integers:
    """``R(value, shift)``: a right shift, and what it does with the bits that it drops."""
    if not shift:
        return value
    one = np.int64(1)
    if rounding is Rounding.FLOOR:
        return value >> shift
    if rounding is Rounding.ZERO:
        return value + ((value < 0) * ((one << shift) - 1)) >> shift
    half = one << shift - 1
    if rounding is Rounding.HALF_EVEN:
        half = half - 1 + (value >> shift & 1)
    return value + half >> shift


def saturated(value: Integers, bits: int) -> Integers:
    """``sat``: symmetric, in so many bits."""
    limit = (1 << bits - 1) - 1
    return np.minimum(np.maximum(value, -limit), limit)


class NeuronStates:
    """Neurons of one definition with their states, int64 [neurons] each."""

    def __init__(self, definition: NeuronDefinition, neurons: int) -> None:
        self.definition = definition
        self._count = neurons
        self.clear()

    def clear(self) -> None:
        """All states to 0, and the next neurons are the first."""
        self.states = {name: np.zeros(self._count, np.int64) for name in self.definition.states}
        self.begin()

    def begin(self) -> None:
        """The next neurons are the first."""
        self._next = 0

    def step(self, sums: Integers, parameters: Mapping[str, Integers | int]
             ) -> tuple[Integers, dict[str, Integers]]:
        """The next neurons, as many as there are sums: outputs and new states."""
        first, after = self._next, self._next + len(sums)
        before = {name: values[first:after] for name, values in self.states.items()}
        output, states = neuron_step(self.definition, sums, before, parameters)
        for name, values in states.items():
            self.states[name][first:after] = values
        self._next = after % self._count
        return output, states


def neuron_step(d: NeuronDefinition, x: Integers, before: Mapping[str, Integers],
                p: Mapping[str, Integers | int]) -> tuple[Integers, dict[str, Integers]]:
    """Steps 1 to 9: the output, and the states after."""
    after = dict(before)
    v = before["v"]
    over = np.greater if d.strict else np.greater_equal
    pending = over(v, p["threshold"]) if d.reset.pending else np.zeros(v.shape, bool)
    y = saturated(rounded(x * p["gain"], d.gain_shift, d.rounding) + p["bias"], d.membrane_bits)
    drive = _current(d, y, before, after, p)
    u = _membrane(d, drive, before, pending, p)
    if d.current is Current.ALPHA and d.reset.pending:
        kept = after["i"] - p["threshold"] if d.reset is Reset.SOFT_LATE else 0 * after["i"]
        after["i"] = np.where(pending, saturated(kept, d.current_bits), after["i"])
        after["a"] = np.where(pending, 0, after["a"])
    threshold = p["threshold"] + before["a"] if d.adaptive else p["threshold"] + 0 * v
    level = threshold >> 1 if d.count is Count.COUNT_ROUND else threshold
    fired = np.zeros(v.shape, np.int64)
    for _ in range(d.max_count):
        fired += over(u, level)
        level = level + threshold
    if d.refractory:
        left = before["refractory"]
        fired = np.where(left > 0, 0, fired)
        if d.refractory_hold:
            u = np.where(left > 0, v, u)
        after["refractory"] = np.where(
            fired > 0, d.refractory, np.maximum(left - 1, 0))
    after["v"] = _after(d, u, fired, threshold, pending, p)
    if d.adaptive:
        decayed = rounded(before["a"] * p["adaptation_factor"], d.factor_fraction, d.rounding)
        after["a"] = saturated(decayed + fired * p["increment"], d.adaptation_bits)
    if d.output is Output.MEMBRANE:
        return after["v"], after
    return (fired if d.output is Output.SPIKE else np.where(fired > 0, u, 0)), after


def _current(d: NeuronDefinition, y: Integers, before: Mapping[str, Integers],
             after: dict[str, Integers], p: Mapping[str, Integers | int]) -> Integers:
    """Step 3: what drives the membrane."""
    if d.current is Current.NONE:
        return y
    factor = p["current_factor"]
    if d.current is Current.JUMP:
        drive = saturated(before["i"] + y, d.current_bits)
        after["i"] = saturated(
            rounded(drive * factor, d.factor_fraction, d.rounding), d.current_bits)
        return drive
    decayed = rounded(before["i"] * factor, d.factor_fraction, d.rounding)
    after["i"] = saturated(decayed + y, d.current_bits)
    if d.current is Current.ALPHA:
        slow = rounded(before["a"] * p["adaptation_factor"], d.factor_fraction, d.rounding)
        after["a"] = saturated(slow - y, d.adaptation_bits)
        return after["i"] + after["a"]
    return before["i"] if d.current is Current.OLD else after["i"]


def _membrane(d: NeuronDefinition, drive: Integers, before: Mapping[str, Integers],
              pending: NDArray[np.bool_], p: Mapping[str, Integers | int]) -> Integers:
    """Step 4: the membrane before it fires."""
    v = np.where(pending, p["reset"], before["v"]) if d.reset is Reset.ZERO_LATE else before["v"]
    t = v - p["leak"]
    taken: Integers | int = 0
    if d.reset in _PENDING_TAKE:
        amount = -before["a"] if d.current is Current.ALPHA else p["threshold"]
        taken = np.where(pending, amount, 0)
    if d.current is Current.ALPHA:
        u = rounded(drive * p["factor"], d.factor_fraction, d.rounding)
    elif d.decay is Decay.NONE:
        u = v + drive
    elif d.decay is Decay.MULTIPLY:
        u = p["leak"] + rounded(t * p["factor"], d.factor_fraction, d.rounding) + drive
    else:
        def moved(value: Integers) -> Integers:
            if d.decay is Decay.SHIFT:
                return rounded(value, d.decay_shift, d.rounding)
            return rounded(value * p["factor"], d.factor_fraction, d.rounding)

        u = v + moved(drive - t) if d.scale_drive else v - moved(t) + drive
    u = saturated(u - taken, d.membrane_bits)
    return np.where(pending, p["reset"], u) if d.reset is Reset.CLEAR_LATE else u


def _after(d: NeuronDefinition, u: Integers, fired: Integers, threshold: Integers,
           pending: NDArray[np.bool_], p: Mapping[str, Integers | int]) -> Integers:
    """Step 7: the membrane that is kept."""
    if d.reset is Reset.HARD:
        u = np.where(fired > 0, p["reset"], u)
    elif d.reset is Reset.SOFT:
        u = u - fired * threshold
    elif d.reset is Reset.SOFT_ONCE:
        u = u - (fired - pending) * p["threshold"]
    u = saturated(u, d.membrane_bits)
    return np.maximum(u, p["floor"]) if d.clamped else u
