"""A page that needs no network: sections with a picture, words, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

STYLE = Path(__file__).with_name("page.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True)
class Section:
    """A heading, what there is to say, a picture (SVG), and the table of its numbers."""

    title: str
    words: Sequence[str]
    head: Sequence[str]
    rows: Sequence[Sequence[object]]
    picture: str = ""

    @property
    def html(self) -> str:
        """The element; where there is no picture the table is open, if there is one."""
        table = "" if not self.head else "".join((
            '<div class="table"><table><thead><tr>',
            *(f"<th>{escape(name)}</th>" for name in self.head), "</tr></thead><tbody>",
            *(f"<tr>{''.join(map(_cell, row))}</tr>" for row in self.rows),
            "</tbody></table></div>"))
        if self.picture:
            table = f"<details><summary>The numbers</summary>{table}</details>"
        words = "".join(f"<p>{escape(line)}</p>" for line in self.words)
        return f"<section><h2>{escape(self.title)}</h2>{words}{self.picture}{table}</section>"


def page(title: str, words: Sequence[str], sections: Sequence[Section]) -> str:
    """The whole document."""
    style = " ".join(STYLE.read_text().split())
    return "\n".join((
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        f"<title>{escape(title)}</title><style>{style}</style></head>",
        f"<body><h1>{escape(title)}</h1>",
        *(f'<p class="soft">{escape(line)}</p>' for line in words),
        "<main>", *(section.html for section in sections), "</main></body></html>", ""))


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f'<td class="number">{value:,.1f}</td>'
    if isinstance(value, int):
        return f'<td class="number">{value:,}</td>'
    return f"<td>{escape(str(value))}</td>"
