"""How a command's help shows its options: in groups, by what they are about."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

from sterna.options import Declared

ARGUMENTS, OPTIONS = "Arguments", "Options"
_TABLES = {"shape": "Shape of the machine", "formats": "Number formats",
           "clock": "Board and its link", "link": "Board and its link",
           "board": "Board and its link"}


def panel(item: Declared, own: bool) -> str:
    """The group: that of the project file, else of whom it is for."""
    if item.declaration.position:
        return ARGUMENTS
    table = (item.declaration.project or "").partition(".")[0]
    if table in _TABLES:
        return _TABLES[table]
    return OPTIONS if own or not item.owner else f"For {item.owner}"


class Command(TyperCommand):
    """A command whose help has the groups that `panel` says, arguments first; its epilogue is an
    example."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """As the help text is written."""
        panels: dict[str, list[tuple[str, str]]] = {ARGUMENTS: [], OPTIONS: []}
        for parameter in self.get_params(ctx):
            if (record := parameter.get_help_record(ctx)) is not None:
                name = getattr(parameter, "rich_help_panel", None) or OPTIONS
                panels.setdefault(name, []).append(record)
        for name, records in panels.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The example, as one line."""
        if self.epilog:
            with formatter.section("Example"):
                formatter.write(f"{'':{formatter.current_indent}}{self.epilog}\n")
