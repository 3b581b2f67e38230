"""`sterna models`: what the families read, and the models that come with them."""

from __future__ import annotations

import sys

import typer

from sterna.cli.terminal import print_json, print_table
from sterna.families.registry import broken_families, families


def models(json: bool = typer.Option(False, "--json", help="One JSON object.")) -> None:
    """List the shipped models, and what else the families read and import."""
    found = families()
    if json:
        print_json({
            "models": [
                {"name": model.name, "folder": None if model.folder is None else str(model.folder),
                 "description": model.description, "family": family.name}
                for family in found for model in family.shipped()
            ],
            "families": [
                {"name": family.name, "reads": dict(family.reads), "imports": dict(family.imports)}
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
