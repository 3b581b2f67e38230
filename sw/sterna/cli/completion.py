"""`sterna completion SHELL`: names of commands, options, models, boards and words by the Tab key.

The scripts, and what they ask the program, are typer's.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import typer
from typer.completion import get_completion_inspect_parameters, shell_complete

from sterna.errors import InputError
from sterna.families.registry import shipped_models
from sterna.options import Declared
from sterna.suggest import did_you_mean

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_STERNA_COMPLETE"


def completion(
    context: typer.Context,
    shell: str = typer.Argument(..., metavar="|".join(SHELLS), help="The shell.",
                                autocompletion=lambda: [*SHELLS]),
) -> None:
    """Print what lets a shell complete commands, options, models and boards.

    Of bash and zsh `eval "$(sterna completion bash)"` in the file that they read when they begin;
    of fish `sterna completion fish | source`.
    """
    if shell not in SHELLS:
        raise InputError(f"shell is {shell!r}; it must be {', '.join(SHELLS[:-1])} or {SHELLS[-1]}"
                         f"{did_you_mean(shell, SHELLS)}")
    _answer(context.find_root().command, f"source_{shell}")


def asked() -> str | None:
    """What a shell asks of the commands, if one does."""
    return os.environ.get(VARIABLE) or None


def answer(commands: Any) -> bool:
    """Answer a shell, if one asks."""
    instruction = asked()
    if instruction is not None:
        _answer(commands, instruction)
    return instruction is not None


def _answer(commands: Any, instruction: str) -> None:
    get_completion_inspect_parameters()  # makes the shells known
    shell_complete(commands, {}, "sterna", VARIABLE, instruction)


def words(item: Declared) -> Callable[[], list[str]] | None:
    """What an option may be, where that can be listed; files are the shell's to complete."""
    about = item.declaration
    if about.project == "model":
        return lambda: [model.name for model in shipped_models()]
    if item.name == "board":
        return _boards
    named = about.choices or about.words
    return (lambda: [*named]) if named else None


def _boards() -> list[str]:
    from sterna_boards.catalogue import all_boards

    return [*all_boards()]
