"""Where a simulated machine spends its energy, as ratios: changes of its signals, unit by unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sterna.machine.image import MemoryImage
from sterna.progress import Progress

if TYPE_CHECKING:
    from sterna_sim.board import MemoryBehaviour

    from sterna.host.open_board import Opened


def activity_values(
    kind: type[Opened], image: MemoryImage, memory: MemoryBehaviour | None,
    run: Callable[[Opened, int, int], object], runs: int, unit: str, report: Progress,
) -> dict[str, object]:
    """By their names in ``--json``: toggles of a ``unit``, and the share of each part in them.

    ``run(device, first, last)`` does RUNs; one is done before those that are counted, so that the
    state is no longer 0. Raises `InputError` when the simulator cannot be built.
    """
    from sterna_sim.activity import count_toggles

    report("counting changes of signals", 0, 1)
    found = count_toggles(kind, image, memory, lambda device: run(device, 0, 1),
                          lambda device: run(device, 1, runs + 1), report)
    total = sum(found.values())
    return {
        f"toggles_per_{unit}": total / runs,
        "toggles_by_unit": {name: count / total for name, count in found.items()},
    }


def activity_rows(found: Mapping[str, object], unit: str) -> list[tuple[str, object]]:
    """Rows of a table of the values; none where they were not asked for."""
    shares = found.get("toggles_by_unit")
    if not isinstance(shares, dict):
        return []
    return [(f"toggles per {unit}", f"{found[f'toggles_per_{unit}']:.0f}; " + ", ".join(
        f"{name} {share:.1%}" for name, share in shares.items() if share >= 0.001))]
