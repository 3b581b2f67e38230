"""The command line: one file a command."""

from __future__ import annotations


def main() -> None:
    """Entry point of the `sterna` command."""
    from sterna.cli.application import main as run_application

    run_application()
