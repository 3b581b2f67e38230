"""The command line: one file a command."""

from __future__ import annotations

import sys

from sterna.cli import ending


def main() -> None:
    """Entry point of the `sterna` command."""
    ending.listen()
    try:
        from sterna.cli.application import run_command

        code = run_command(sys.argv[1:])
    except KeyboardInterrupt as error:
        code = ending.exit_code(error)
    sys.exit(code)
