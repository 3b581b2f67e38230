"""Sections on a model and its board, of what the task `report` finds."""

from __future__ import annotations

from typing import Any

from sterna import __version__
from sterna.report.of_activity import activity_sections
from sterna.report.of_build import build_sections
from sterna.report.of_measured import measured_sections
from sterna.report.of_roofline import roofline_section
from sterna.report.page import Section, page
from sterna.report.pictures import bars, lanes_of_time


def written_page(found: dict[str, Any]) -> str:
    """The document."""
    return page(f"{found['model']} on {found['title']}",
                [f"Sterna {__version__}. Estimated, without synthesis: {found['device']}, "
                 f"{found['lanes']:,} lanes, {found['clock_mhz']:g} MHz."], sections(found))


def sections(found: dict[str, Any]) -> list[Section]:
    """All that there are numbers for."""
    return [section for section in (
        _rates(found), roofline_section(found), _time(found), _room(found), _tables(found),
        _blocks(found), _memories(found), _places(found), *build_sections(found),
        *measured_sections(found), *activity_sections(found)) if section is not None]


def _rates(found: dict[str, Any]) -> Section:
    unit = found["unit"]
    engine, link = found[f"{unit}s_per_second"], found["link_limit"]
    user = found[f"{unit}s_per_second_over_link"]
    rows = [("the machine", engine), ("the link alone", link), ("at the user's end", user)]
    if (busiest := found["busiest"]) is not None:
        rows.insert(0, (f"{busiest['unit']} without pauses", busiest["a_second"]))
    words = [f"{user:,.1f} {unit}s a second at the user's end, {engine:,.0f} of the machine at "
             f"{found['clock_mhz']:g} MHz: {found[f'cycles_per_{unit}']:,.0f} clocks a {unit}.",
             f"The link carries {found[f'link_bytes_per_{unit}']:g} bytes a {unit}; a round trip "
             f"takes {1e3 * found['round_trip_seconds']:g} ms ({found['round_trip_reason']}). The "
             "bars are logarithmic."]
    return Section(
        f"How many {unit}s a second", words, ("", f"{unit}s a second"), rows,
        bars(f"{unit}s a second", [(name, value, _number(value)) for name, value in rows],
             logarithmic=True))


def _time(found: dict[str, Any]) -> Section | None:
    line = found["timeline"]
    if line is None:
        return None
    cycles, unit = line["cycles"], found["unit"]
    units = [(name, values["shares"]) for name, values in line["units"].items()]
    rows = [(name, values["clocks"], f"{values['clocks'] / cycles:.1%}")
            for name, values in line["units"].items()]
    rows += [(f"section {name}", end - first, f"{(end - first) / cycles:.1%}")
             for name, first, end in line["sections"]]
    return Section(
        f"The clocks of one {unit}",
        ["When each unit works, by the clock model that the estimate is made with; no source is "
         "silent." if "synapses" in line["units"] else
         "When each unit works, by the clock model that the estimate is made with."],
        ("", "clocks", "share"), rows,
        lanes_of_time(f"the clocks of one {unit}", cycles, line["sections"], units))


def _room(found: dict[str, Any]) -> Section:
    rows = [(name, used, there) for name, used, there in found["room"] if there]
    verdict = "It fits." if found["fits"] else f"It does not fit: {'; '.join(found['short'])}."
    return Section(
        "What it takes of the board", [verdict],
        ("", "used", "there"), rows,
        bars("share of the board", [
            (name, used / there, f"{used:,} of {there:,} ({used / there:.0%})")
            for name, used, there in rows], most=1.0))


def _tables(found: dict[str, Any]) -> Section:
    rows = sorted(((name, luts) for name, luts in found["units"].items() if luts),
                  key=lambda row: -row[1])
    total = max(1, sum(luts for _, luts in rows))
    return Section(
        "Look-up tables by unit", ["By the model of area that is fitted to measured builds."],
        ("unit", "look-up tables"), rows,
        bars("look-up tables by unit",
             [(name, luts, f"{luts:,} ({luts / total:.0%})") for name, luts in rows]))


def _blocks(found: dict[str, Any]) -> Section | None:
    """A picture for each kind: a block RAM is not worth so many multipliers."""
    rams, dsps = found["unit_rams"], found["unit_dsps"]
    kinds = [(name, of) for name, of in (("memories", rams), ("multipliers", dsps)) if of]
    if not kinds:
        return None
    return Section(
        "Memories and multipliers by unit",
        ["Blocks of the chip: RAMs of every kind, and multipliers (DSPs)."],
        ("unit", "memories", "multipliers"),
        [(unit, rams.get(unit, 0), dsps.get(unit, 0)) for unit in dict.fromkeys([*rams, *dsps])],
        "".join(bars(f"{name} by unit", [
            (unit, count, f"{count:,} {name} ({count / sum(of.values()):.0%})")
            for unit, count in of.items()]) for name, of in kinds))


def _memories(found: dict[str, Any]) -> Section:
    kinds = {"block_rams": "block RAMs", "single_port_rams": "single-port RAMs",
             "large_rams": "large RAMs"}
    rows, pictured = [], []
    for memory in found["memories"]:
        taken = [f"{memory[kind]} {name}" for kind, name in kinds.items() if memory[kind]]
        rows.append((memory["name"], memory["used"], memory["depth"], memory["bits"],
                     memory["copies"], ", ".join(taken)))
        bits = memory["depth"] * memory["bits"] * memory["copies"]
        pictured.append((memory["name"], bits / 1e3, f"{bits / 1e3:,.1f} kbit"))
    return Section(
        "Memories of the chip", [], ("memory", "words in use", "words", "bits", "copies", "in"),
        rows, bars("bits of the memories", pictured))


def _places(found: dict[str, Any]) -> Section | None:
    if not found.get("objects"):
        return None
    return Section(
        "What lies where", [], ("", "bits", "place", "why"),
        [(entry["name"], entry["bits"], entry["place"], entry["why"])
         for entry in found["objects"]])


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"
