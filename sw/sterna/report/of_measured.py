"""Sections on what the golden shows on data: ranges of values, and accuracy by formats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sterna.report.page import Section
from sterna.report.pictures import bars

SHOWN = 24
"""Values in the picture of ranges."""
NARROW = 127
"""Largest magnitude of formats that are used whole anyway: codes and spikes."""
LEAST_INCREASE = 1e-5
"""That is told apart from none in the picture."""


def measured_sections(found: Mapping[str, Any]) -> list[Section]:
    """Those that there are numbers for."""
    sections = []
    if ranges := found.get("ranges"):
        sections.append(_ranges(ranges))
    if accuracy := found.get("accuracy"):
        sections.append(_no_accuracy(accuracy) if "why" in accuracy
                        else _perplexity(accuracy) if "float_perplexity" in accuracy
                        else _classes(accuracy))
    return sections


def _ranges(ranges: Mapping[str, Any]) -> Section:
    values = _of_all_repetitions(ranges["places"])
    saturated = sum(one["saturated"] for one in values)
    elements = sum(one["elements"] for one in values)
    wide = sorted((one for one in values if (one["limit"] or 0) > NARROW),
                  key=lambda one: (-one["saturated"], -one["share"]))[:SHOWN]
    return Section(
        "What values reach", [
            f"By the golden on {ranges['data']}: {saturated:,} of {elements:,} elements saturate. "
            "Drawn is the part of its format that each takes, without codes and spikes, which take "
            "all; a value that takes half has a bit to spare.",
            "Rounded are elements that are not whole in their last place, a state of neurons in "
            "any of the products that lead to it; scalars are not counted."],
        ("value", "item", "operation", "least", "most", "real", "of format", "rounded",
         "saturated", "elements"),
        [(_name(one), one["item"], one["operation"],
          _plain(one["least"]), _plain(one["most"]), _real(one),
          "" if one["share"] is None else f"{one['share']:.1%}",
          "" if one["rounded"] is None else f"{one['rounded'] / one['elements']:.1%}",
          one["saturated"], one["elements"]) for one in values],
        bars("the part of their format that values take", [
            (_name(one), min(one["share"], 1.0), f"{one['share']:.0%}" + (
                f", {one['saturated']:,} saturate" if one["saturated"] else ""))
            for one in wide], most=1.0) if wide else "")


def _of_all_repetitions(places: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row for all layers."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in places:
        key = tuple(one[name] for name in ("section", "item", "operation"))
        row = rows.setdefault(key, dict(one))
        if row["repetition"] != one["repetition"]:
            row["least"], row["most"] = min(row["least"], one["least"]), max(
                row["most"], one["most"])
            if row["share"] is not None:
                row["share"] = max(row["share"], one["share"])
            for name in ("elements", "saturated", "rounded"):
                row[name] = None if row[name] is None else row[name] + one[name]
    return [*rows.values()]


def _name(one: Mapping[str, Any]) -> str:
    """Of a value, or of its place where it has none."""
    if one["name"] == "_":
        return f"{one['section']} {one['item']}.{one['operation']}"
    return f"{one['section']}.{one['name']}"


def _real(one: Mapping[str, Any]) -> str:
    """The largest magnitude in units of the model."""
    if one["fraction"] is None:
        return ""
    return f"{max(-one['least'], one['most']) * 2.0**-one['fraction']:.4g}"


def _plain(number: float) -> object:
    return number if isinstance(number, int) else f"{number:.4g}"


def _perplexity(accuracy: Mapping[str, Any]) -> Section:
    words = [f"Perplexity of the golden over that of the float reference, "
             f"{accuracy['float_perplexity']:.3f}, on {accuracy['data']}; the bars are "
             "logarithmic. On a thousand tokens and less, half a percent may be chance: --text and "
             "--tokens give more."]
    if accuracy["left_out"]:
        words.append(f"{accuracy['left_out']} other formats are left out, which would take long; "
                     "fewer --tokens bring them.")
    rows = accuracy["rows"]
    return Section(
        "Accuracy by format", words, ("formats", "perplexity", "over float", "bits per byte"),
        [("float reference", f"{accuracy['float_perplexity']:,.3f}", "",
          f"{accuracy['float_bits_per_byte']:.4f}"),
         *((row["formats"], f"{row['perplexity']:,.3f}", f"{row['increase']:+.3%}",
            f"{row['bits_per_byte']:.4f}") for row in rows)],
        bars("what formats cost in perplexity", [
            (row["formats"], max(abs(row["increase"]), LEAST_INCREASE), _change(row["increase"]))
            for row in rows], logarithmic=True))


def _change(share: float) -> str:
    """Short, for a picture."""
    return f"{share:+.2%}" if abs(share) < 0.1 else f"{share:+,.0%}"


def _classes(accuracy: Mapping[str, Any]) -> Section:
    rows, labelled = accuracy["rows"], "float_accuracy" in accuracy
    words = ["How often integers find the class, the output that is active most, that real "
             f"numbers find: {accuracy['data']}."]
    if labelled:
        words.append(f"Real numbers are right about {accuracy['float_accuracy']:.1%}.")
    words += [f"{planes}: left out, {why}." for planes, why in accuracy["left_out"].items()]
    return Section(
        "Class agreement by planes", words,
        ("weights", "same class", "spikes that differ", *(["right"] if labelled else [])),
        [(row["formats"], f"{row['same_class']:.1%}", f"{row['differ']:.3%}",
          *([f"{row['accuracy']:.1%}"] if labelled else [])) for row in rows],
        bars("samples of the same class", [
            (row["formats"], row["same_class"], f"{row['same_class']:.1%}")
            for row in rows], most=1.0))


def _no_accuracy(accuracy: Mapping[str, Any]) -> Section:
    return Section("Class agreement", [f"{accuracy['why']}."], (), ())
