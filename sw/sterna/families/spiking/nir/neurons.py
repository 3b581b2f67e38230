"""NIR neurons as real populations.

With forward Euler ``v + dt/tau ((leak - v) + r x)`` is written
``leak + (1 - dt/tau)(v - leak) + (r dt/tau) x``: the same membrane, and the decay factor of a
framework that works with one comes back exactly. For CubaLIF the factors of current and membrane
are both folded into the input's gain. With exponential decay the factors are ``exp(-dt/tau)``.

A neuron that spikes begins at rest, as in the frameworks, which start it at its leak target or at
its reset value: its membrane is counted from there, and so are threshold and reset value. LI begins
at 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sterna.errors import InputError
from sterna.families.spiking.linear import Linear
from sterna.families.spiking.network import RealPopulation, Reals
from sterna.families.spiking.nir.marks import numbers as attribute_numbers
from sterna.families.spiking.nir.options import COMPARES, CURRENTS, RESETS
from sterna.families.spiking.nir.producers import NirOptions
from sterna.families.spiking.shapes import Shape, bare, misfit
from sterna.law.neuron import (
    Count,
    Current,
    Decay,
    NeuronDefinition,
    Output,
    Reset,
    Rounding,
)

READ_OUTS = ("LI", "CubaLI", "I")
"""What hands on its membrane."""
CURRENT_BASED = ("CubaLIF", "CubaLI")
NEURONS = ("LIF", "CubaLIF", *READ_OUTS, "LIThreshold", "IF", "Threshold")
_GRID = 2.0**-16
"""Frameworks work in float32: a factor this close to a multiple of the grid is meant to be it."""
_CLOSE = 1e-6
_TO_RESET = (Reset.HARD, Reset.ZERO_LATE, Reset.CLEAR_LATE)
"""Resets to a value; the others take the threshold away, which must then be the whole one."""


def neuron_population(
    name: str, node: Any, linear: Linear, options: NirOptions, clears: bool = False
) -> RealPopulation:
    """The population of a neuron node; `linear` is what leads to it.

    `clears`: a late reset to zero is snnTorch's, which all its neurons but Leaky apply to the
    membrane after the input. Raises `InputError` for values and flags that do not go together.
    """
    kind = type(node).__name__
    count = linear.bias.size

    def values(attribute: str) -> Reals:
        return _spread(name, attribute, attribute_numbers(node, attribute),
                       np.shape(getattr(node, attribute)), linear)

    rates = _rates(name, kind, values, options)
    gain = _snap(_gain(kind, values, rates, options))
    numbers = {f"{key}factor": _snap(1 - rate) for key, rate in rates.items()}
    numbers |= {"gain": gain, "bias": gain * linear.bias}
    spiking = kind not in READ_OUTS
    reset = Reset.NO_RESET
    if kind in ("LI", "CubaLI", "LIThreshold"):
        numbers["leak"] = values("v_leak")
    if kind in ("Threshold", "LIThreshold"):
        numbers["threshold"] = values("threshold")
    elif spiking:
        reset = RESETS[options.reset]
        if kind == "CubaLIF" and options.current_reset is not None:
            reset = RESETS[options.current_reset]
        recurrent = any(term.source == name for term in linear.terms)
        if clears and reset is Reset.ZERO_LATE and (kind == "CubaLIF" or recurrent):
            reset = Reset.CLEAR_LATE
        numbers |= _levels(name, kind, values, count, reset, options)
    return _population(name, kind, count, numbers, reset, options)


def _rates(name: str, kind: str, values: Any, options: NirOptions) -> dict[str, Reals]:
    """What a state loses in a step: the membrane under "", the current under "current_"."""
    taus = {"LIF": {"": "tau"}, "LI": {"": "tau"}, "LIThreshold": {"": "tau"},
            **dict.fromkeys(CURRENT_BASED, {"": "tau_mem", "current_": "tau_syn"})}.get(kind, {})
    if options.decay == "exponential":
        return {key: -np.expm1(-options.dt / values(tau)) for key, tau in taus.items()}
    return {key: _rate(name, tau, options.dt, values(tau)) for key, tau in taus.items()}


def _gain(kind: str, values: Any, rates: dict[str, Reals], options: NirOptions) -> Reals:
    one = np.ones(1)
    if kind == "Threshold":
        return one
    if kind in ("I", "IF"):
        step = options.dt if options.integration is None else options.integration
        return values("r") * step if options.gain == "file" else one
    rate, current = rates[""], rates.get("current_")
    if options.gain == "unit":
        return one
    if options.gain == "normalised":
        return one if kind == "LI" else rate
    if options.gain == "decayed":
        return 1 - rate if kind == "LI" else one if current is None else 1 - current
    gain = values("r") * rate
    if current is not None:
        gain = gain * values("w_in")
        if options.current != "jump":
            gain = gain * current
    return gain


def _levels(
    name: str, kind: str, values: Any, count: int, reset: Reset, options: NirOptions
) -> dict[str, Reals]:
    """Threshold, reset value and leak target, counted from where the membrane begins."""
    leak = values("v_leak") if kind != "IF" else np.zeros(count)
    target = np.zeros(count)
    if options.v_reset is not None:
        target = np.full(count, options.v_reset)
    elif reset in _TO_RESET:
        target = values("v_reset")
    start = {"leak": leak, "zero": np.zeros(count),
             "reset": target if reset in _TO_RESET else leak}[options.start]
    whole = reset not in (*_TO_RESET, Reset.NO_RESET) or options.max_count > 1
    if start.any() and whole:
        raise InputError(
            f"node {name}: begins at {start[start != 0][0]:g}, not at 0, which with reset "
            f"{options.reset} and max_count {options.max_count} cannot be represented; give "
            f"--reset {name}=hard or --neuron {name}.start=zero")
    numbers = {"threshold": values("v_threshold") - start}
    if kind != "IF":
        numbers["leak"] = leak - start
    if reset in _TO_RESET:
        numbers["reset"] = target - start
    if options.floor is not None:
        numbers["floor"] = options.floor - start
    return numbers


def _population(
    name: str, kind: str, count: int, numbers: dict[str, Reals], reset: Reset, options: NirOptions
) -> RealPopulation:
    spiking = kind not in READ_OUTS
    fires = spiking and kind not in ("Threshold", "LIThreshold")
    adaptive = fires and (options.increment, options.adaptation_factor) != (None, None)
    if adaptive:
        numbers["increment"] = np.full(1, options.increment or 0.0)
        numbers["adaptation_factor"] = np.full(1, options.adaptation_factor or 0.0)
    try:
        definition = NeuronDefinition(
            current=CURRENTS[options.current] if kind in CURRENT_BASED else Current.NONE,
            decay=Decay.NONE if kind in ("I", "IF") else Decay.MULTIPLY,
            strict=COMPARES[options.compare], reset=reset, adaptive=adaptive,
            max_count=options.max_count if fires else 1, count=Count(options.count),
            refractory=options.refractory if fires else 0,
            refractory_hold=options.refractory_hold and fires,
            clamped=fires and options.floor is not None, rounding=Rounding(options.rounding),
            output=Output.SPIKE if spiking else Output.MEMBRANE,
        )
    except InputError as error:
        raise InputError(f"node {name}: {error}") from None
    return RealPopulation(name=name, neurons=count, definition=definition, values=numbers)


def _rate(name: str, field: str, dt: float, tau: Reals) -> Reals:
    if not (tau >= dt * (1 - _CLOSE)).all():
        raise InputError(
            f"node {name}: {field}, a time constant of {tau.min():g} s, is below the step of "
            f"{dt:g} s; choose a smaller --dt"
        )
    return np.minimum(dt / tau, 1.0)


def _spread(name: str, attribute: str, values: Reals, has: Shape, linear: Linear) -> Reals:
    """One value a neuron from one, one a channel or one a neuron."""
    count, shape = linear.bias.size, linear.shape
    other = len(bare(has)) > 1 and len(bare(shape)) > 1 and bare(has) != bare(shape)
    if values.size not in (1, count, *shape[:1]) or values.size == count and other:
        raise InputError(misfit(f"node {name}", attribute, has, shape, values.size))
    return np.repeat(values, count // values.size)


def _snap(values: Reals) -> Reals:
    near = np.rint(values / _GRID) * _GRID
    return np.where(np.abs(values - near) <= _CLOSE * np.abs(values), near, values)
