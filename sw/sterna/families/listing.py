"""The listing of a program, as a result."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.program.definition import Program
from sterna.program.printing import format_program
from sterna.shown import Shown


@dataclass(frozen=True, repr=False)
class ProgramListing(Shown):
    """The program, line by line."""

    model: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, name: str, program: Program, more: tuple[str, ...] = ()) -> ProgramListing:
        """The program of a model, and what there is to list behind it."""
        return cls(name, (*format_program(program).splitlines(), *more))

    def to_dict(self) -> dict[str, object]:
        return {"model": self.model, "lines": list(self.lines)}

    def text(self) -> list[str | tuple[str, object]]:
        return list(self.lines)
