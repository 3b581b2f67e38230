"""`sterna models`: the models that come with the package."""

from __future__ import annotations

import typer

from sterna.cli.terminal import print_json, print_table


def models(json: bool = typer.Option(False, "--json", help="One JSON object.")) -> None:
    """List the shipped models."""
    from sterna.families.catalogue import shipped_models
    from sterna.families.spiking.examples import DESCRIPTIONS

    found = shipped_models()
    if json:
        print_json({
            "models": [
                {"name": model.name, "folder": str(model.folder), "description": model.description}
                for model in found
            ] + [
                {"name": name, "folder": None, "description": description}
                for name, description in DESCRIPTIONS.items()
            ]
        })
    else:
        print_table([
            *((model.name, model.description) for model in found), *DESCRIPTIONS.items()
        ])
