"""The `sterna` command: its subcommands, and how errors and interrupts end it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress

import typer

from sterna import __version__
from sterna.cli import boards, completion, ending, models, parser, probe, streams, unknown_option
from sterna.cli.commands import COMMANDS
from sterna.cli.help import Command
from sterna.cli.project import Project
from sterna.cli.terminal import shown
from sterna.errors import InputError, SternaError
from sterna.extras import missing_line
from sterna.unfinished import remove_unfinished

MOST_LETTERS = 2000
"""Of the line of an error."""


_OTHERS = (
    ("boards", boards.boards, "sterna boards ulx3s-85f"),
    ("models", models.models, "sterna models --json"),
    ("probe", probe.probe, "sterna probe"),
    ("doctor", probe.doctor, "sterna doctor --json"),
    ("completion", completion.completion, 'eval "$(sterna completion bash)"'),
)
"""Commands that are no tasks, each with an example."""


def application(only: str | None = None) -> typer.Typer:
    """All commands, with the options of the families that there are now.

    With `only`, where it names a command, that one: the options of all take a tenth of a second.
    """
    if only not in {*(request.command for request, _ in COMMANDS), *(name for name, *_ in _OTHERS)}:
        only = None
    made = typer.Typer(
        name="sterna",
        help="MatMul-free, ternary and spiking models on FPGAs, proven bit for bit.",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    made.callback()(options)
    for request, perform in COMMANDS:
        if only not in (None, request.command):
            continue
        made.command(request.command, cls=Command, epilog=request.example)(
            parser.command(request, perform, _project))
    for name, perform, line in _OTHERS:
        if only in (None, name):
            made.command(name, cls=Command, epilog=line)(perform)
    return made


def _project() -> Project:
    return Project.of(request for request, _ in COMMANDS)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"sterna {__version__}")
        raise typer.Exit()


def options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """MatMul-free, ternary and spiking models on FPGAs, proven bit for bit.

    A file sterna.toml in the folder says what options are unless they are given: model, board, and
    tables [shape], [formats], [clock] and [link].
    """
    del version


def run_command(arguments: list[str]) -> int:
    """The whole life of the command; returns its exit code, above 128 when it was interrupted."""
    streams.reserve()
    try:
        code = run_arguments(arguments)
    except KeyboardInterrupt as error:  # the work was done
        ending.tell(error)
        code = ending.exit_code(error)
    ending.ignore()
    if code > ending.SIGNALS:
        remove_unfinished()
        ending.stop_children()
    return code


def run_arguments(arguments: list[str]) -> int:
    """Run one command; returns its exit code.

    There is one line for every error, 2 for bad input, 1 for a failed check.
    """
    with streams.guarded():
        code = _ended(lambda: _invoke(arguments), arguments)
        if code == 0:  # what is still in the buffer may be all that the command did
            return _ended(sys.stdout.flush, arguments)
        with suppress(SternaError):
            sys.stdout.flush()
        return code


def _invoke(arguments: list[str]) -> None:
    asked = None if completion.asked() else next(iter(arguments), None)
    commands = typer.main.get_command(application(only=asked))
    if completion.answer(commands):
        return
    # Not `commands.main`: it has exit codes of its own for interrupts and broken pipes.
    # Of a copy, which is emptied.
    with commands.make_context("sterna", [*arguments] or ["--help"]) as context:
        commands.invoke(context)


def _ended(act: Callable[[], object], arguments: list[str]) -> int:
    """The exit code of an act, whose errors are told. Raises those that are none of the user's."""
    try:
        act()
        return 0
    except BaseException as error:
        if (interrupt := ending.interrupt_behind(error)) is not None:
            remove_unfinished()
            return _fail(ending.message(interrupt), ending.exit_code(interrupt))
        if isinstance(error, typer.Exit):
            return error.exit_code
        if isinstance(error, SternaError):
            return _fail(str(error), error.exit_code)
        if isinstance(error, ModuleNotFoundError) and (line := missing_line(error)) is not None:
            return _fail(line, InputError.exit_code)
        if (message := unknown_option.told(error, arguments)) is None:
            raise
        return _fail(message, InputError.exit_code)


def _fail(message: str, code: int) -> int:
    line = " ".join(message.split())
    if len(line) > MOST_LETTERS:  # names in files of others may have megabytes
        line = f"{line[:MOST_LETTERS // 2]} ... {line[-MOST_LETTERS // 2:]}"
    if line:
        print(f"sterna: {shown(line)}", file=sys.stderr, flush=True)
    return code
