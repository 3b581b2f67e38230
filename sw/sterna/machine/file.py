"""Files that hold a machine."""

from __future__ import annotations

from pathlib import Path

from sterna.errors import InputError
from sterna.machine.machine import Machine


def read_machine(name: str, else_give: str, unit: str, whose: str) -> Machine:
    """The machine in a file that ``--config`` names.

    Raises `InputError` naming the file: for none there (``else_give`` says what to give), for one
    that holds no machine, and for a machine without the ``unit``, which is ``whose``.
    """
    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputError(f"config {name!r}: {else_give}") from None
    try:
        machine = Machine.from_json(text)
    except InputError as error:
        raise InputError(f"config {name!r}: {error}") from None
    if not machine.has(unit):
        raise InputError(f"config {name!r}: is that of {whose}")
    return machine
