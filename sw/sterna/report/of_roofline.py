"""The section with the roofline: what lanes and link allow, and where the model lies below."""

from __future__ import annotations

from typing import Any

from sterna.report.page import Section
from sterna.report.pictures import COLOURS, INK, drawn, make_logarithmic


def roofline_section(found: dict[str, Any]) -> Section:
    """Products a second over products for each byte of the link."""
    roof = found["roofline"]
    peak, per_byte = roof["peak"], roof["products_a_byte"]
    rows = [("all lanes in every clock", peak), ("the machine", roof["engine"]),
            ("at the user's end", roof["user"]),
            ("the link, bytes alone", roof["line_bytes_a_second"] * per_byte),
            ("the link, with its round trips", roof["link_bytes_a_second"] * per_byte)]
    return Section(
        "Roofline", [
            f"Products of weights and codes: {roof['products']:,} a {found['unit']}, all streams "
            f"together, {per_byte:,.0f} for each byte of the link. The machine does "
            f"{roof['engine'] / peak:.0%} of what its lanes could; at the user's end it is "
            f"{roof['user'] / peak:.2%}.", "Weights do not come over the link: only the user's end "
            "lies below its slopes."],
        ("", "millions of products a second"),
        [(name, float(value) / 1e6) for name, value in rows], _picture(roof))


def _picture(roof: dict[str, float]) -> str:
    peak, here = roof["peak"], roof["products_a_byte"]
    slopes = {"link, bytes alone": roof["line_bytes_a_second"],
              "link, with round trips": roof["link_bytes_a_second"]}
    ridges = [peak / slope for slope in slopes.values()]
    least, most = min(here, *ridges) / 10, max(here, *ridges) * 10
    with drawn(3.4, "roofline") as (axes, found):
        for number, (name, slope) in enumerate(slopes.items()):
            ridge = peak / slope
            axes.plot([least, ridge, most], [least * slope, peak, peak],
                      ("-", "--")[number], color=INK, linewidth=1.2, label=name)
        for name, value, mark, colour in (("the machine", roof["engine"], "o", 0),
                                          ("at the user's end", roof["user"], "D", 5)):
            axes.plot([here], [value], mark, color=COLOURS[colour], markersize=7, label=name,
                      zorder=3)
        axes.axvline(here, color=INK, linewidth=0.5, linestyle=":")
        make_logarithmic(axes, "x")
        make_logarithmic(axes, "y")
        axes.set_xlim(least, most)
        axes.set_ylim(min(roof["user"], roof["engine"]) / 10, peak * 4)
        axes.set_xlabel("products a byte of the link")
        axes.set_title("products a second", loc="left", fontsize=10)
        axes.grid(linewidth=0.4, alpha=0.3)
        axes.figure.legend(loc="outside lower left", frameon=False, ncols=2)
    return found[0]
