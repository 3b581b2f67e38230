"""The boards that there are, as a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sterna.shown import Shown
from sterna.suggest import did_you_mean


@dataclass(frozen=True, repr=False)
class Boards(Shown):
    """Rows by the names of boards: device, memories, link, largest model, measured clock."""

    rows: dict[str, dict[str, object]]

    def __getitem__(self, name: str) -> dict[str, object]:
        if name not in self.rows:
            raise KeyError(f"no board is called {name!r}{did_you_mean(name, self.rows)}")
        return self.rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def to_dict(self) -> dict[str, object]:
        return {"boards": list(self.rows.values())}

    def text(self) -> list[str | tuple[str, object]]:
        return [(name, f"{row['device']}, {row['luts']} look-up tables, {row['on_chip_memory']}, "
                       f"{row['bitstream']}") for name, row in self.rows.items()]


def boards() -> Boards:
    """All of them, as `sterna boards` lists them."""
    from sterna_boards.listing import board_rows

    rows: list[dict[str, Any]] = board_rows()
    return Boards({row["board"]: row for row in rows})
