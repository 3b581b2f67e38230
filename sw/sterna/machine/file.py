"""Files that hold a machine."""

from __future__ import annotations

import os

from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.reading import read_json


def read_machine(name: str, else_give: str, unit: str, whose: str) -> Machine:
    """The machine in a file that ``--config`` names.

    Raises `InputError` naming the file: for none there (``else_give`` says what to give), for one
    that holds no machine, and for a machine without the ``unit``, which is ``whose``.
    """
    if not os.path.lexists(name):
        raise InputError(f"config {name!r}: {else_give}")
    try:
        machine = Machine.from_dict(read_json(name))
    except InputError as error:
        raise InputError(f"config {name!r}: {error}") from None
    if not machine.has(unit):
        raise InputError(f"config {name!r}: is that of {whose}")
    return machine
