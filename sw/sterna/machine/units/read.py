"""READ: the host gets what a RUN writes, and puts it back."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.machine.unit import Unit


@dataclass(frozen=True, kw_only=True)
class Read(Unit):
    """Answers READ, and lets LOAD write the same memories: see `Machine.states`.

    It executes no instruction. Without it these memories have no way to the link.
    """

    name = "read"
