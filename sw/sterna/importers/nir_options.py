"""The choices that NIR leaves open, and what each framework means by its files.

A NIR graph gives continuous-time neurons. It says neither the time step, nor whether a spike sets
the membrane to its reset value or takes the threshold away, nor whether the membrane takes the
current of this step or of the one before. It does say that a spike needs more than the threshold,
but SpikingJelly fires at equality. Source: spec/systems.md 5.1.

Norse multiplies the time constants that it writes by its step of 1e-3 s, so that a step is 1e-6 s
of the file's time; its inputs jump onto the current, or onto the membrane of an IF, unscaled.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from sterna.errors import InputError
from sterna.program.neuron import Current, Reset

RESETS = {"hard": Reset.HARD, "soft": Reset.SOFT, "soft_late": Reset.SOFT_LATE}
CURRENTS = {"new": Current.NEW, "old": Current.OLD, "jump": Current.JUMP}
COMPARES = {">": True, ">=": False}


@dataclass(frozen=True)
class NirOptions:
    """Time step in seconds, reset kind, current order, compare."""

    dt: float
    reset: str
    current: str
    compare: str
    integration: float | None = None
    """Seconds for which I and IF take their input in a step; None for the time step."""


PRESETS = {
    "snntorch": NirOptions(1e-4, "soft_late", "new", ">"),
    "spikingjelly": NirOptions(1e-4, "hard", "new", ">="),
    "norse": NirOptions(1e-6, "hard", "jump", ">", 1.0),
    "nir": NirOptions(1e-4, "hard", "old", ">"),
}
"""Defaults by the framework that wrote the graph; ``nir`` is the format's own reference."""


def detect_producer(nodes: list[Any]) -> str:
    """The framework that wrote these nodes, by the forms it gives them; else ``nir``.

    snnTorch writes ``r = tau / 1e-4`` and ``w_in = tau_syn / 1e-4``. With ``r = 1`` Norse writes
    an IF, or time constants below 1e-4, and SpikingJelly a LIF with one of few steps of 1e-4;
    its IF has ``r = 1e4``.
    """
    kinds = {type(node).__name__: node for node in nodes}
    dt, norse = PRESETS["snntorch"].dt, 1e-4
    if (node := kinds.get("CubaLIF")) is not None:
        if np.allclose(node.w_in * dt, node.tau_syn, rtol=1e-3):
            return "snntorch"
        ones = np.allclose(node.r, 1) and np.allclose(node.w_in, 1)
        return "norse" if ones and np.max(node.tau_mem) < norse else "nir"
    if (node := kinds.get("LIF")) is not None:
        if np.allclose(node.r * dt, node.tau, rtol=1e-3):
            return "snntorch"
        if np.allclose(node.r, 1) and np.max(node.tau) < 1e-3:
            return "norse" if np.max(node.tau) < norse else "spikingjelly"
    if (node := kinds.get("IF")) is not None:
        if np.allclose(node.r * dt, 1, rtol=1e-3):
            return "spikingjelly"
        return "norse" if np.allclose(node.r, 1) else "nir"
    if (node := kinds.get("LI")) is not None and np.allclose(node.r, 1):
        return "norse" if np.max(node.tau) < norse else "nir"
    return "nir"


def choose(
    nodes: list[Any],
    producer: str | None,
    dt: float | None,
    reset: str | None,
    current: str | None,
    compare: str | None,
) -> tuple[NirOptions, str]:
    """The options to use, those given first, and a line that tells them.

    Raises `InputError` for a value that is none of the choices.
    """
    detected = producer is None
    name = detect_producer(nodes) if producer is None else producer
    for what, value, known in (
        ("producer", name, PRESETS), ("reset", reset, RESETS), ("current", current, CURRENTS),
        ("compare", compare, COMPARES),
    ):
        if value is not None and value not in known:
            raise InputError(f"{what} is {value!r}; it must be one of {', '.join(known)}")
    if dt is not None and not 0 < dt < inf:
        raise InputError(f"dt is {dt}; it must be a number of seconds above 0")
    preset = PRESETS[name]
    options = NirOptions(
        dt or preset.dt, reset or preset.reset, current or preset.current,
        compare or preset.compare, preset.integration,
    )
    return options, (
        f"written by {name}{' (by its forms)' if detected else ''}: dt {options.dt:g} s, "
        f"reset {options.reset}, current {options.current}, compare {options.compare}"
    )
