"""Pictures as SVG in a page: text that stays text, and ink that follows the page's colours.

Drawn by matplotlib, as narrow as a phone; a page shows them larger. Colours are of Okabe and Ito's
palette, which the colour-blind can tell apart, and are named or numbered beside.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from typing import Any

INK, GRID = "#010203", "#040506"
"""Become the page's own."""
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
WIDTH, ROW = 4.2, 0.28
"""Inches; a row of bars."""
WIDE = 20
"""Beyond this factor an axis of a scatter is logarithmic."""
STYLE: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "sterna", "font.family": "sans-serif",
    "font.size": 10, "text.color": INK, "axes.edgecolor": INK, "axes.labelcolor": INK,
    "xtick.color": INK, "ytick.color": INK, "grid.color": GRID, "axes.spines.top": False,
    "axes.spines.right": False, "axes.facecolor": "none", "figure.facecolor": "none",
    "hatch.linewidth": 0.6, "text.parse_math": False,
}


@contextmanager
def drawn(height: float, title: str) -> Iterator[tuple[Any, list[str]]]:
    """Axes, and a list that holds the picture when the block ends. ``height`` is in inches."""
    matplotlib = _unsettled()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        from matplotlib.figure import Figure

        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        found: list[str] = []
        yield figure.add_subplot(), found
        text = StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
        found.append(_for_a_page(text.getvalue(), title))


@dataclass(frozen=True)
class Cloud:
    """Points of a `scatter`: values across and up, and how they look."""

    name: str
    points: tuple[Sequence[float], Sequence[float]]
    mark: str
    colour: int
    size: float = 5.0
    line: str = "none"
    hollow: bool = False


def _unsettled() -> Any:
    """The package without the user's settings, which may ask for LaTeX, or be broken."""
    if "matplotlib" not in sys.modules:
        logging.getLogger("matplotlib").setLevel(logging.ERROR)  # of folders for its cache
        before = {name: os.environ.pop(name, None) for name in ("MPLBACKEND", "MATPLOTLIBRC")}
        os.environ["MATPLOTLIBRC"] = os.devnull
        try:
            import_module("matplotlib")
        finally:
            del os.environ["MATPLOTLIBRC"]
            os.environ.update((name, value) for name, value in before.items() if value is not None)
    return import_module("matplotlib")


def bars(title: str, rows: Sequence[tuple[str, float, str]], *, logarithmic: bool = False,
         most: float | None = None) -> str:
    """Horizontal bars: a name, a value, and the value in words, each."""
    with drawn(0.35 + ROW * max(1, len(rows)), title) as (axes, found):
        places = range(len(rows), 0, -1)
        values = [max(value, 0.0) for _, value, _ in rows]
        axes.barh(list(places), values, height=0.62, color=COLOURS[0])
        axes.set_yticks(list(places), [name for name, _, _ in rows])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_ylim(0.4, max(1, len(rows)) + 0.6)
        if logarithmic:
            least = min((value for value in values if value > 0), default=1.0)
            axes.set_xscale("log")
            axes.set_xlim(least / 3, (most or max(values, default=1.0)) * 30)
        else:
            axes.set_xlim(0, 1.6 * (most or max([*values, 1e-9])))
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        for place, (_, value, words) in zip(places, rows, strict=True):
            at = max(value, axes.get_xlim()[0])
            axes.annotate(words, (at, place), (4, 0), textcoords="offset points", va="center")
    return found[0]


def lanes_of_time(title: str, cycles: int, sections: Sequence[tuple[str, int, int]],
                  units: Sequence[tuple[str, Sequence[float]]]) -> str:
    """A row for each unit: how busy it is in each part of the time; sections are told apart."""
    with drawn(0.8 + 0.55 * len(units), title) as (axes, found):
        for row, (_, shares) in enumerate(units):
            base, width = len(units) - row - 1, cycles / len(shares)
            edges = [part * width for part in range(len(shares) + 1)]
            axes.stairs([base + 0.8 * share for share in shares], edges, baseline=base, fill=True,
                        color=COLOURS[row % len(COLOURS)])
            axes.axhline(base, color=INK, linewidth=0.5)
        axes.set_yticks([len(units) - row - 0.6 for row in range(len(units))],
                        [name for name, _ in units])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        for name, first, end in sections:
            axes.axvline(first, color=INK, linewidth=0.5, linestyle=":")
            if (end - first) / cycles > 0.07:
                axes.annotate(name, ((first + end) / 2, len(units)), ha="center", va="bottom")
        axes.set_xlim(0, cycles)
        axes.set_ylim(0, len(units) + 0.25)
        axes.set_xlabel("clocks")
    return found[0]


def raster(title: str, steps: int,
           rows: Sequence[tuple[str, int, Sequence[int], Sequence[int]]]) -> str:
    """A dot for each spike, the time across; populations one above the other, each with its name,
    its neurons, and steps and neurons of its spikes."""
    with drawn(0.9 + 0.9 * len(rows), title) as (axes, found):
        for row, (_, neurons, when, who) in enumerate(rows):
            base = len(rows) - row - 1
            axes.plot(when, [base + 0.9 * (one + 0.5) / neurons for one in who], "|",
                      color=COLOURS[row % len(COLOURS)], markersize=max(1.5, 50 / neurons))
            axes.axhline(base, color=INK, linewidth=0.5)
        axes.set_yticks([len(rows) - row - 0.55 for row in range(len(rows))],
                        [name for name, _, _, _ in rows])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlim(-0.5, steps - 0.5)
        axes.set_ylim(0, len(rows))
        axes.set_xlabel("time step")
    return found[0]


def curves(title: str, lines: Sequence[tuple[str, Sequence[float]]]) -> str:
    """Values over the time steps, each with a colour and a dash of its own, named below."""
    with drawn(2.8, title) as (axes, found):
        for row, (name, values) in enumerate(lines):
            axes.plot(range(len(values)), values, color=COLOURS[row % len(COLOURS)], label=name,
                      linewidth=1.2, linestyle=("-", "--", ":", "-.")[row % 4])
        axes.set_xlabel("time step")
        axes.grid(linewidth=0.4, alpha=0.3)
        axes.figure.legend(loc="outside lower left", frameon=False, ncols=2)
    return found[0]


def make_logarithmic(axes: Any, letter: str) -> None:
    """An axis, x or y; its numbers have the letters of their size, since texts are no formulas."""
    from matplotlib.ticker import EngFormatter, NullFormatter

    getattr(axes, f"set_{letter}scale")("log")
    axis = getattr(axes, f"{letter}axis")
    axis.set_major_formatter(EngFormatter(sep=""))
    axis.set_minor_formatter(NullFormatter())


def scatter(title: str, across: str, up: str, clouds: Sequence[Cloud]) -> str:
    """Points in clouds, each with a mark and a colour of its own, named below; axes are
    logarithmic where values differ by more than a factor of `WIDE`."""
    with drawn(3.4, title) as (axes, found):
        for number, cloud in enumerate(clouds):
            axes.plot(*cloud.points, cloud.mark, label=cloud.name, color=COLOURS[cloud.colour],
                      markersize=cloud.size, linestyle=cloud.line, linewidth=1,
                      fillstyle="none" if cloud.hollow else "full", zorder=2 + number)
        every = [[value for cloud in clouds for value in cloud.points[side]] for side in (0, 1)]
        for values, letter in zip(every, "xy", strict=True):
            if min(values) > 0 and max(values) > WIDE * min(values):
                make_logarithmic(axes, letter)
        axes.set_xlabel(across)
        axes.set_title(up, loc="left", fontsize=10)
        axes.grid(linewidth=0.4, alpha=0.3)
        axes.figure.legend(loc="outside lower left", frameon=False, ncols=2)
    return found[0]


def _for_a_page(text: str, title: str) -> str:
    """The element alone: as wide as it may be, with a name, in the page's ink."""
    text = text[text.index("<svg"):]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' (width|height)="[\d.]+pt"', "", text, count=2)
    text = text.replace(INK, "currentColor").replace(GRID, "currentColor")
    name = title.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return text.replace("<svg", f'<svg role="img" aria-label="{name}"', 1)
