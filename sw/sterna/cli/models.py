"""`sterna models`: what the families read, and the models that come with them."""

from __future__ import annotations

import sys

import typer

from sterna.cli.terminal import print_json, print_table
from sterna.families.family import Family
from sterna.families.registry import broken_families, families


def models(
    json: bool = typer.Option(False, "--json", help="One JSON object."),
    of_families: bool = typer.Option(
        False, "--families", help="What each family reads, from which layouts, at which ternary "
        "planes it was checked, and which published systems it covers."),
) -> None:
    """List the shipped models, and what else the families read and import."""
    found = families()
    if of_families and not json:
        for family in found:
            print_table(_rows(family))
    elif json:
        print_json({
            "models": [
                {"name": model.name, "folder": None if model.folder is None else str(model.folder),
                 "description": model.description, "family": family.name}
                for family in found for model in family.shipped()
            ],
            "families": [
                {"name": family.name, "reads": dict(family.reads), "imports": dict(family.imports),
                 **_coverage(family)}
                for family in found
            ],
        })
    else:
        print_table([(model.name, model.description)
                     for family in found for model in family.shipped()])
        for family in found:
            print(f"\n{family.plural}; MODEL may also be, and `sterna import` takes:")
            print_table([
                *((f"  {form}", words) for form, words in family.reads.items()),
                *((f"  import {form}", words) for form, words in family.imports.items()),
            ])
    for line in broken_families():
        print(line, file=sys.stderr)


def _rows(family: Family) -> list[tuple[str, str]]:
    """A family, in lines."""
    rows = [(family.name, family.plural)]
    rows += [("  MODEL", f"{form}: {words}") for form, words in family.reads.items()]
    rows += [("  import", f"{form}: {words}") for form, words in family.imports.items()]
    if (coverage := getattr(family, "coverage", None)) is not None:
        rows.append(("  planes", f"checked with {coverage.planes}"))
        rows += [("  covers", system) for system in coverage.systems]
    return rows


def _coverage(family: Family) -> dict[str, object]:
    coverage = getattr(family, "coverage", None)
    return {} if coverage is None else {"planes": coverage.planes,
                                        "systems": list(coverage.systems)}
