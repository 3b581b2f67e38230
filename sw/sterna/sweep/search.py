"""Which configurations are tried: all, or those that optuna's sampler proposes.

A batch is asked for of what was found before it, with a seed of its own: so that it is the same
whether or not the sweep was interrupted, and however many workers there are. Behind
the first ones every second is a step from one that nothing beats so far: the sampler finds regions,
steps find the best in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sterna.sweep.axes import Axes, Values
from sterna.sweep.objectives import Objective, front
from sterna.sweep.study import Trial

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

LEAST_BATCH, STARTS, ASKED = 8, 16, 4
"""Configurations asked for at once, those of the beginning that are random, and how often the
sampler is asked for one that was not tried."""


def batch_size(tried: int) -> int:
    """How many are tried before the next are asked for."""
    return max(LEAST_BATCH, tried // 8)


def proposed(axes: Axes, objectives: Sequence[Objective], tried: Sequence[Trial], seed: int,
             count: int) -> list[Values]:
    """So many configurations that were not tried, fewer only where there are no more."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    number = len(tried)
    kinds: dict[str, BaseDistribution] = {
        name: _distribution(values) for name, values in axes.values.items()}
    study = optuna.create_study(
        directions=["maximize" if goal.most else "minimize" for goal in objectives],
        sampler=optuna.samplers.TPESampler(
            seed=(seed * 1_000_003 + number) % (1 << 32), multivariate=True,
            n_startup_trials=STARTS))
    seen = set()
    for trial in tried:
        if not trial.point:
            continue
        places = axes.places(dict(trial.point))
        seen.add(tuple(places))
        found = trial.found
        study.add_trial(optuna.trial.create_trial(
            params=dict(zip(axes.values, places, strict=True)), distributions=kinds,
            values=[float(trial.numbers[goal.name]) for goal in objectives] if found else None,
            state=optuna.trial.TrialState.COMPLETE if found else optuna.trial.TrialState.PRUNED))
    chance = np.random.default_rng([seed, number])
    points: list[Values] = []
    steps = _steps(axes, objectives, tried) if number >= STARTS else []
    chance.shuffle(steps)
    while len(points) < count and len(seen) < axes.count:
        steps = [place for place in steps if tuple(place) not in seen]
        if steps and len(points) % 2:
            places = tuple(steps[0])
        else:
            for _ in range(ASKED):
                asked = study.ask(kinds).params
                places = tuple(asked[name] for name in axes.values)
                if places not in seen:
                    break
        while places in seen:
            places = tuple(int(chance.integers(len(values))) for values in axes.values.values())
        seen.add(places)
        points.append(axes.at(places))
    return points


def _steps(axes: Axes, objectives: Sequence[Objective], tried: Sequence[Trial]
           ) -> list[list[int]]:
    """What is one step in one axis from a configuration that nothing beats."""
    found = [trial for trial in tried if trial.found]
    steps: dict[tuple[int, ...], None] = {}
    for trial in (found[place] for place in front([one.numbers for one in found], objectives)):
        at = axes.places(dict(trial.point)) if trial.point else []
        for axis, values in enumerate(axes.values.values() if at else ()):
            for place in (at[axis] - 1, at[axis] + 1):
                if 0 <= place < len(values):
                    steps[*at[:axis], place, *at[axis + 1:]] = None
    return [list(places) for places in steps]


def _distribution(values: tuple[object, ...]) -> BaseDistribution:
    """Of places among the values: of numbers one may be nearer than another."""
    from optuna.distributions import CategoricalDistribution, IntDistribution

    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return IntDistribution(0, len(values) - 1)
    return CategoricalDistribution(range(len(values)))
