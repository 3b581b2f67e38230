"""The `sterna` command: its subcommands, and how errors and interrupts end it."""

from __future__ import annotations

import os
import sys

import typer

from sterna import __version__
from sterna.cli import boards, models
from sterna.cli.commands import COMMANDS
from sterna.cli.parser import command
from sterna.errors import InputError, SternaError
from sterna.extras import missing_line

INTERRUPTED = 130


def application() -> typer.Typer:
    """All commands, with the options of the families that there are now."""
    made = typer.Typer(
        name="sterna",
        help="MatMul-free, ternary and spiking models on FPGAs, proven bit for bit.",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    made.callback()(options)
    for request, perform in COMMANDS:
        made.command(request.command)(command(request, perform))
    made.command("boards")(boards.boards)
    made.command("models")(models.models)
    return made


def _version(wanted: bool) -> None:
    if wanted:
        print(f"sterna {__version__}")
        raise typer.Exit()


def options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """MatMul-free, ternary and spiking models on FPGAs, proven bit for bit."""
    del version


def main() -> None:
    """Entry point: one line for every error, 2 for bad input, 1 for a failed check."""
    sys.exit(run_arguments(sys.argv[1:]))


def run_arguments(arguments: list[str]) -> int:
    """Run one command; returns its exit code."""
    commands = typer.main.get_command(application())
    try:
        # Not `commands.main`: it has exit codes of its own for interrupts and broken pipes.
        with commands.make_context("sterna", arguments or ["--help"]) as context:
            commands.invoke(context)
        sys.stdout.flush()
        return 0
    except typer.Exit as end:
        return end.exit_code
    except SternaError as error:
        return _fail(str(error), error.exit_code)
    except BrokenPipeError:
        # The reader went away: nothing to say. Python would complain when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", INTERRUPTED)
    except ModuleNotFoundError as error:
        if (line := missing_line(error)) is None:
            raise
        return _fail(line, InputError.exit_code)
    except Exception as error:
        message = getattr(error, "format_message", None)  # errors of the option parser have it
        if message is None:
            raise
        return _fail(message(), 2)


def _fail(message: str, code: int) -> int:
    line = " ".join(message.split())
    print(f"sterna: {line}", file=sys.stderr)
    return code
