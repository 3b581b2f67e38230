"""What there is to tell of the integers of a network beside its real numbers."""

from __future__ import annotations

from sterna.families.spiking.compare import Comparison, Difference, ReadOut
from sterna.families.steps.run import saturation_line


def difference_line(item: Difference) -> str:
    """How a population's spikes compare with those of the real network."""
    return (f"{item.spikes} spikes, {item.differ} of {item.values} neuron steps differ "
            f"({item.differ / item.values:.3%})")


def read_out_line(item: ReadOut) -> str:
    """How the membranes of a population without spikes compare."""
    return f"membranes of up to {item.largest:.4g}, off by at most {item.error:.3g}"


def comparison_lines(found: Comparison, sources: dict[str, str]) -> list[str]:
    """What `sterna import` tells of the integers; `sources` name what each was compared with."""
    return [
        *(f"{item.population}: {difference_line(item)}, {sources[item.population]}"
          for item in found.differences),
        *(f"{item.population}: {read_out_line(item)}, {sources[item.population]}"
          for item in found.read_outs),
        *(f"{name}: {saturation_line(count)}" for name, count in found.saturated.items()),
    ]
