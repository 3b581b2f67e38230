"""Membranes that lead to neurons: a leaky integrator before a neuron is the current of that neuron.

``LI`` (or ``I``) keeps ``m = a m + g x``, and what follows it takes ``W m``. With one ``a`` for all
of its neurons ``i = W m`` obeys ``i = a i + W g x``: the synaptic current of `sterna.law.neuron`
in neurons that have none. So no membrane needs to go through the few bits of a code, and the chain
is as exact as one ``CubaLIF``. A bias ``b`` behind the integrator becomes ``b / (1 - factor)`` in
the level to which the neuron leaks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from sterna.errors import InputError
from sterna.families.spiking.linear import Linear, Term, behind, scaled, times
from sterna.families.spiking.network import RealPopulation
from sterna.families.spiking.windows import Windowed
from sterna.law.neuron import Current, Decay, Output, Reset


@dataclass(frozen=True)
class Integrator:
    """A population that hands on its membrane, and what leads to it."""

    population: RealPopulation
    form: Linear
    alone: bool = True
    """Whether nothing else leads to it."""

    @property
    def factor(self) -> float | None:
        """What is left of its membrane in a step; None where it is no filter of one factor."""
        item, definition = self.population, self.population.definition
        plain = (self.alone and definition.current is Current.NONE
                 and definition.reset is Reset.NO_RESET
                 and definition.output is Output.MEMBRANE and not item.value("leak").any())
        factors = {1.0} if definition.decay is Decay.NONE else set(item.value("factor").tolist())
        return factors.pop() if plain and len(factors) == 1 else None


Late = Callable[[str, str], bool]
"""Whether a population takes the codes of a source from the step before."""


def as_current(what: str, target: RealPopulation, form: Linear,
               before: Mapping[str, Integrator], late: Late) -> tuple[RealPopulation, Linear]:
    """The population behind integrators, and what leads to it in their place.

    ``form`` leads to it, ``before`` are populations that hand on membranes. Raises `InputError`
    where these cannot be its current.
    """
    sources = [term.source for term in form.terms]
    if not any(source in before for source in sources):
        return target, form
    if not all(source in before for source in sources):
        raise InputError(f"{what}: membranes and spikes lead to it; put the integrator before all "
                         "of them, or before none")
    factors = {before[source].factor for source in sources}
    factor = factors.pop()
    if factors or factor is None:
        raise InputError(f"{what}: the membranes of {', '.join(sources)} lead to it; that can be "
                         "LI or I of one time constant, which leak to 0 and follow spikes")
    if target.definition.current is not Current.NONE:
        raise InputError(f"{what}: has a current of its own, and membranes lead to it; put LIF or "
                         "LI there")
    for source in sources:
        inner = {term.source for term in before[source].form.terms}
        if late(source, target.name) or any(
                late(item, source) != late(item, target.name) for item in inner):
            raise InputError(f"{what}: the membrane of {source} comes a step late, or leads back")
    gain, bias = target.value("gain"), form.bias
    linear = _in_place(what, form, before)
    values = dict(target.values) | {
        "current_factor": np.array([factor]), "bias": gain * linear.bias}
    if bias.any():
        if target.definition.decay is Decay.NONE:
            raise InputError(f"{what}: a bias lies between an integrator and neurons that do not "
                             "leak; put it before the integrator")
        values["leak"] = target.value("leak") + gain * bias / (1 - target.value("factor"))
    definition = replace(target.definition, current=Current.NEW)
    return replace(target, definition=definition, values=values), linear


def _in_place(what: str, form: Linear, before: Mapping[str, Integrator]) -> Linear:
    """The form with what leads to the integrators, times their gain, in their place."""
    found: Linear | None = None
    for term in form.terms:
        item = before[term.source]
        gain = item.population.value("gain")
        inner = item.form
        made = _behind(what, term, form, scaled(
            what, np.repeat(gain, inner.bias.size // gain.size), inner))
        found = made if found is None else found.plus(made, what)
    assert found is not None
    return replace(found, shape=form.shape)


def _behind(what: str, term: Term, form: Linear, inner: Linear) -> Linear:
    if term.delays is not None:
        raise InputError(f"{what}: takes membranes late; put the Delay before the integrator")
    if term.weights is None:
        return inner
    if isinstance(term.weights, Windowed):
        return behind(what, term.weights, inner, np.zeros(form.bias.size), form.shape)
    return times(what, term.weights, replace(inner, shape=(inner.bias.size,)))
