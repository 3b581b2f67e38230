"""Results that show themselves: a table in a terminal, JSON, HTML in a notebook."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Sequence
from html import escape

Lines = Sequence[str | tuple[str, object]]


class Shown:
    """A result with `to_dict` and `text`, see `sterna.families.family.Result`.

    Dataclasses that derive from it are made with ``repr=False``.
    """

    @property
    def failure(self) -> str | None:
        """Why the check failed, where it is one."""
        return None

    @abstractmethod
    def to_dict(self) -> dict[str, object]:
        """Everything, of values that JSON has."""

    @abstractmethod
    def text(self) -> Lines:
        """Lines for people, and rows of a table, a name and a value each."""

    def to_json(self) -> str:
        """What `to_dict` gives, as ``--json`` prints it."""
        return json.dumps(self.to_dict())

    def _shown(self) -> Lines:
        """What people see of it: its text, what failed, or if there is nothing all values."""
        lines = [*self.text(), *([] if self.failure is None else [("failed", self.failure)])]
        return lines or list(self.to_dict().items())

    def __repr__(self) -> str:
        lines = self._shown()
        width = max((len(line[0]) for line in lines if not isinstance(line, str)), default=0)
        told = (line if isinstance(line, str) else f"{line[0]:<{width}}  {line[1]}"
                for line in lines)
        return "\n".join([type(self).__name__, *(f"  {line}" for line in told)])

    def _repr_html_(self) -> str:
        """As notebooks show it."""
        rows = "".join(
            f"<tr><td colspan=2>{_html(line)}</td></tr>" if isinstance(line, str) else
            f"<tr><th style='text-align:left'>{_html(line[0])}</th>"
            f"<td style='text-align:left'>{_html(line[1])}</td></tr>" for line in self._shown())
        return f"<table><caption>{_html(type(self).__name__)}</caption>{rows}</table>"


def _html(value: object) -> str:
    return escape(str(value)).replace("\n", "<br>")
