"""`sterna probe` and `sterna doctor`: what is plugged in, and what is installed."""

from __future__ import annotations

from pathlib import Path

import typer

from sterna.cli.commands import render
from sterna.cli.terminal import ProgressReport
from sterna.families.requests import BUILDS, JSON_HELP
from sterna.tasks.doctor import doctor as doctor_task
from sterna.tasks.probe import probe as probe_task


def probe(
    addresses: list[str] | None = typer.Argument(
        None, metavar="[ADDRESS]...", help="Only these, such as serial:///dev/ttyUSB0; else every "
        "port whose USB ids a board has."),
    builds: Path = typer.Option(BUILDS, "--builds", metavar="DIR",
                                help="Folder with builds that are known again (build)."),
    json: bool = typer.Option(False, "--json", help=JSON_HELP),
) -> None:
    """Find boards: open ports, say HELLO, tell board, machine, model and rate.

    A board goes on with what it does. Ends with 1 when none answers.
    """
    with ProgressReport() as report:
        found = probe_task(addresses or (), builds, report)
    render(found, json)


def doctor(
    loop_back: str | None = typer.Option(
        None, "--loop-back", metavar="ADDRESS", help="Also send bytes to a port whose TX and RX "
        "are joined, and look whether they come back."),
    json: bool = typer.Option(False, "--json", help=JSON_HELP),
) -> None:
    """Tell versions, tools, ports and logs, and let the emulator speak with the driver.

    What to send along when something does not work. Ends with 1 when a test fails.
    """
    with ProgressReport() as report:
        found = doctor_task(loop_back, report)
    render(found, json)
