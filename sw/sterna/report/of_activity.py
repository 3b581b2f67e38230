"""Sections on what the populations of a network do."""

from __future__ import annotations

from typing import Any

from sterna.report.page import Section
from sterna.report.pictures import bars, curves, raster


def activity_sections(found: dict[str, Any]) -> list[Section]:
    """Rates, raster and membranes, of a model that has populations."""
    populations = found.get("activity")
    if not populations:
        return []
    return [_rates(populations), _raster(populations), *(
        _membranes(name, values) for name, values in populations.items() if values["membranes"])]


def _rates(populations: dict[str, Any]) -> Section:
    steps = next(iter(populations.values()))["steps"]
    return Section(
        "How often neurons are active",
        [f"Outputs other than 0 among all neurons and steps, of {steps} steps by the golden."],
        ("population", "neurons", "active", "share", "silent neurons"),
        [(name, one["neurons"], one["active"], f"{one['rate']:.1%}", one["silent_neurons"])
         for name, one in populations.items()],
        bars("share of active neurons", [(name, one["rate"], f"{one['rate']:.1%}")
                                         for name, one in populations.items()], most=1.0))


def _raster(populations: dict[str, Any]) -> Section:
    shown = {name: min(one["neurons"], 1 + max(one["spikes"][1], default=one["neurons"] - 1))
             for name, one in populations.items()}
    return Section(
        "Who is active when", ["The first neurons of each population, the first one lowest."],
        ("population", "steps and neurons of what is drawn"),
        [(name, " ".join(f"{step}:{neuron}" for step, neuron in zip(*one["spikes"], strict=True)))
         for name, one in populations.items()],
        raster("who is active when", next(iter(populations.values()))["steps"],
               [(name, shown[name], *one["spikes"]) for name, one in populations.items()]))


def _membranes(name: str, one: dict[str, Any]) -> Section:
    lines = [(f"neuron {neuron}", values) for neuron, values in one["membranes"].items()]
    return Section(
        f"Membranes of {name}", ["The busiest neurons, in units of their fixed point."],
        ("step", *(label for label, _ in lines)),
        [(step, *values) for step, values in enumerate(zip(
            *(values for _, values in lines), strict=True))],
        curves(f"membranes of {name}", lines))
