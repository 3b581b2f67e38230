"""What the user chooses of a NIR graph's reading, over what the framework that wrote it means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from math import inf, isfinite
from typing import Any

from sterna.errors import InputError
from sterna.families.spiking.nir.marks import STEPS, Facts, common_step
from sterna.families.spiking.nir.producers import LEFT_OUT, PRESETS, NirOptions
from sterna.families.spiking.nir.recognition import Recognition, recognise
from sterna.law.neuron import (
    MAX_COUNT,
    MAX_REFRACTORY,
    Count,
    Current,
    Reset,
    Rounding,
)
from sterna.suggest import did_you_mean

RESETS = {item.value: item for item in Reset}
SNNTORCH_RESETS = {"subtract": "soft_late", "zero": "zero_late", "subtract_now": "soft_once",
                   "zero_now": "hard"}
"""snnTorch's reset_mechanism; ``_now`` is its ``reset_delay=False``.

``zero`` of RLeaky, Synaptic and RSynaptic clears the membrane after its input, not before:
`importers.nir_neurons` makes clear_late of it.
"""
CURRENTS = {"new": Current.NEW, "old": Current.OLD, "jump": Current.JUMP}
COMPARES = {">": True, ">=": False}

_WORDS: dict[str, Iterable[str]] = {
    "reset": [*RESETS, *SNNTORCH_RESETS], "current": CURRENTS, "compare": COMPARES,
    "decay": ("euler", "exponential"), "gain": ("file", "unit", "normalised", "decayed"),
    "start": ("leak", "reset", "zero"), "count": [item.value for item in Count],
    "rounding": [item.value for item in Rounding], "refractory_hold": ("no", "yes"),
}
_WHOLE = {"max_count": (1, MAX_COUNT), "refractory": (0, MAX_REFRACTORY)}
_REALS = ("v_reset", "floor", "increment", "adaptation_factor")
SETTINGS = (*_WORDS, *_WHOLE, *_REALS)
"""What `NirChoices.settings` may set, for all neurons or for one node of the graph."""


@dataclass(frozen=True)
class NirChoices:
    """The options of a command; None and () leave a choice to the framework that wrote the graph.

    ``resets`` are of the form ``KIND`` or ``NODE=KIND``, ``settings`` ``NAME=VALUE`` or
    ``NODE.NAME=VALUE``; those for a node prevail, then the last.
    """

    producer: str | None = None
    dt: float | None = None
    current: str | None = None
    compare: str | None = None
    resets: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """The options as on a command line, without the producer."""
        step = None if self.dt is None else f"{self.dt:g}"
        named = [("dt", step), ("current", self.current), ("compare", self.compare)]
        named += [("reset", item) for item in self.resets]
        named += [("neuron", item) for item in self.settings]
        return [word for name, value in named if value is not None
                for word in (f"--{name}", value)]

    def all_settings(self) -> list[tuple[str, str, str]]:
        """Node ('' for all), name and value of every setting. Raises `InputError`."""
        found = [("", name, str(getattr(self, name))) for name in ("current", "compare")
                 if getattr(self, name) is not None]
        for text in self.resets:
            node, equals, kind = text.rpartition("=")
            found.append((node if equals else "", "reset", kind))
        for text in self.settings:
            place, equals, value = text.partition("=")
            # Nodes may have dots in their names, settings have none.
            node, _, name = place.rpartition(".")
            if not equals or name not in SETTINGS:
                raise InputError(f"neuron setting {text!r}: give NAME=VALUE or NODE.NAME=VALUE, "
                                 f"with a NAME of {', '.join(SETTINGS)}")
            found.append((node, name, value))
        return found


@dataclass(frozen=True)
class NirReading:
    """The options of every node, and what to tell of them."""

    recognition: Recognition
    options: NirOptions
    settings: tuple[tuple[str, str, Any], ...]
    snntorch_zero: frozenset[str]
    """Nodes, or '' for all, whose reset was named ``zero``."""

    def of(self, node: str) -> NirOptions:
        """The options of a neuron node."""
        chosen = {name: value for place, name, value in self.settings if place == ""}
        chosen |= {name: value for place, name, value in self.settings if place == node}
        if "reset" in chosen:
            chosen["current_reset"] = None
        return replace(self.options, **chosen)

    def zero_late(self, node: str) -> bool:
        """Whether the node's reset is snnTorch's ``zero``, whose form follows from the neuron."""
        own = any(place == node and name == "reset" for place, name, _ in self.settings)
        return (node if own else "") in self.snntorch_zero

    @property
    def line(self) -> str:
        """What was chosen, in one line."""
        common = self.of("")
        how = f" ({self.recognition.how})" if self.recognition.how else ""
        text = (f"written by {self.recognition.producer}{how}: "
                f"dt {common.dt:g} s, reset {common.reset}, current {common.current}, "
                f"compare {common.compare}")
        if common.current_reset is not None:
            text += f", reset {common.current_reset} where there is a current"
        shown = ("reset", "current", "compare")
        for name, value in _differing(common, PRESETS["nir"]):
            if name not in shown and name in SETTINGS:
                text += f", {name} {value}"
        return text + "".join(
            f", {place}: {name} {value}" for place, name, value in self.settings if place)

    @property
    def notes(self) -> list[str]:
        """What the reader should know: doubts, and what the framework's files leave out."""
        notes = []
        if self.recognition.rivals:
            notes.append(f"who wrote it is a guess: {self.recognition.doubts}")
        elif self.recognition.how == "no framework's forms":
            notes.append("no framework known here writes such numbers: read as plain NIR; "
                         "--producer names the writer")
        if self.recognition.producer in LEFT_OUT:
            notes.append(f"not in files of {self.recognition.producer}: "
                         f"{LEFT_OUT[self.recognition.producer]}")
        return notes


def _differing(options: NirOptions, usual: NirOptions) -> list[tuple[str, Any]]:
    return [(item.name, getattr(options, item.name)) for item in fields(options)
            if getattr(options, item.name) != getattr(usual, item.name)]


def choose(facts: Facts, choices: NirChoices) -> NirReading:
    """The reading of a graph, what is chosen first. Raises `InputError` for what is no choice."""
    if choices.producer is None:
        recognition = recognise(facts)
    elif choices.producer in PRESETS:
        recognition = Recognition(choices.producer, "")
    else:
        raise InputError(
            f"producer is {choices.producer!r}; it must be one of {', '.join(PRESETS)}"
            f"{did_you_mean(choices.producer, PRESETS)}")
    options = replace(PRESETS[recognition.producer], dt=_step(recognition, facts, choices.dt))
    neurons = {name for name, _, _ in facts.neurons()}
    settings, zero = [], set()
    for node, name, text in choices.all_settings():
        if node and node not in neurons:
            raise InputError(f"{name} of {node!r}: no such neuron node; the graph has "
                             f"{', '.join(sorted(neurons)) or 'none'}")
        if name == "reset":
            zero -= {node}
            zero |= {node} if text == "zero" else set()
        settings.append((node, name, _value(name, text)))
    return NirReading(recognition, options, tuple(settings), frozenset(zero))


def _step(recognition: Recognition, facts: Facts, given: float | None) -> float:
    """The time step: the given one, what the numbers hold, or the framework's usual one."""
    if given is not None:
        if not 0 < given < inf:
            raise InputError(f"dt is {given}; it must be a number of seconds above 0")
        return given
    usual = PRESETS[recognition.producer].dt
    if recognition.producer not in STEPS:
        return usual
    steps = STEPS[recognition.producer](facts)
    if not steps.size:
        return usual
    step = common_step(steps)
    if step is None:
        raise InputError(
            f"the neurons' numbers hold time steps of {steps.min():g} to {steps.max():g} s, "
            f"not one, which {recognition.producer} would have written; give --dt or another "
            "--producer")
    return step


def _value(name: str, text: str) -> Any:
    if name in _WORDS:
        if text not in _WORDS[name]:
            raise InputError(f"{name} is {text!r}; it must be one of {', '.join(_WORDS[name])}")
        if name == "refractory_hold":
            return text == "yes"
        return SNNTORCH_RESETS.get(text, text) if name == "reset" else text
    try:
        value = int(text) if name in _WHOLE else float(text)
    except ValueError:
        raise InputError(f"{name} is {text!r}; it must be a number") from None
    low, high = _WHOLE.get(name, (-inf, inf))
    if not (low <= value <= high and isfinite(value)):
        raise InputError(f"{name} is {text}; it must be {low} to {high}")
    return value
