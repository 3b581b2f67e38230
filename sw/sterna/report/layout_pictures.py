"""Pictures of a routed design: the die tile by tile, and what its slowest paths are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

from sterna.report.pictures import COLOURS, INK, ROW, WIDTH, drawn

REST = "#8a8f94"
"""Of units that have no colour of their own."""
_TALLEST, _LABELS = 5.0, 0.6
"""Inches, of a die and of what stands at an axis."""
_LEAST_SIDE = 0.35
"""Of a tile with a single cell, as a share of its side."""


@dataclass(frozen=True)
class Area:
    """Tiles of a unit: ``logic`` and ``blocks`` (memories, multipliers) as (column, row, share),
    of which the share is how full the tile is."""

    name: str
    logic: Sequence[tuple[int, int, float]]
    blocks: Sequence[tuple[int, int, float]]


def floor_plan(title: str, tiles: tuple[int, int], areas: Sequence[Area],
               path: Sequence[tuple[int, int]]) -> str:
    """Areas in colours, the last one in grey if there are more than colours; memories and
    multipliers are framed, and a line follows the slowest path."""
    columns, rows = tiles
    height = min(_TALLEST, (WIDTH - _LABELS) * rows / columns)
    with drawn(height + _LABELS + ROW * ceil((len(areas) + 1) / 2), title) as (axes, found):
        from matplotlib.patches import Patch

        handles: list[Any] = []
        for number, area in enumerate(areas):
            colour = COLOURS[number] if number < len(COLOURS) else REST
            axes.add_patch(_squares(area.logic, facecolor=colour, edgecolor="none"))
            axes.add_patch(_squares(area.blocks, facecolor=colour, edgecolor=INK, linewidth=0.7))
            handles.append(Patch(facecolor=colour, label=area.name))
        if len(path) > 1:
            line, = axes.plot(*zip(*path, strict=True), "-o", color=INK, linewidth=1.2,
                              markersize=2.5, label="slowest path")
            handles.append(line)
        axes.set_xlim(-1, columns)
        axes.set_ylim(-1, rows)
        axes.set_aspect("equal")
        for side in axes.spines.values():
            side.set_visible(True)
        axes.set_xlabel("tile column")
        axes.set_ylabel("tile row")
        axes.figure.legend(handles=handles, loc="outside lower left", frameon=False, ncols=2)
    return found[0]


def _squares(tiles: Sequence[tuple[int, int, float]], **looks: Any) -> Any:
    """One patch of a square for each tile, the larger the fuller it is."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    corners: list[tuple[float, float]] = []
    for column, row, share in tiles:
        half = max(_LEAST_SIDE, sqrt(share)) / 2
        left, right, low, high = column - half, column + half, row - half, row + half
        corners += [(left, low), (right, low), (right, high), (left, high), (left, low)]
    codes = [Path.MOVETO, *3 * [Path.LINETO], Path.CLOSEPOLY] * len(tiles)
    return PathPatch(Path(corners, codes) if tiles else Path([(0, 0)]), **looks)


def parts_of_bars(title: str, parts: Mapping[str, int], rows: Sequence[tuple[str, Sequence[float]]],
                  unit: str) -> str:
    """Horizontal bars made of parts, of which each has a colour (its place in the palette)."""
    with drawn(1.0 + 1.6 * ROW * len(rows), title) as (axes, found):
        places = list(range(len(rows), 0, -1))
        left = [0.0] * len(rows)
        for number, (name, colour) in enumerate(parts.items()):
            widths = [values[number] for _, values in rows]
            axes.barh(places, widths, left=left, height=0.6, color=COLOURS[colour], label=name)
            left = [before + more for before, more in zip(left, widths, strict=True)]
        axes.set_yticks(places, [name for name, _ in rows])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        for place, end in zip(places, left, strict=True):
            axes.annotate(f"{end:.2f} {unit}", (end, place), (4, 0), textcoords="offset points",
                          va="center")
        axes.set_xlim(0, 1.35 * max([*left, 1e-9]))
        axes.set_xlabel(unit)
        axes.figure.legend(loc="outside lower left", frameon=False, ncols=len(parts))
    return found[0]
