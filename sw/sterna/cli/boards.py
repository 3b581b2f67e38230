"""`sterna boards`: what there is to build for, and what was measured on it."""

from __future__ import annotations

import typer

from sterna.cli.terminal import print_columns, print_json, print_table


def boards(
    name: str | None = typer.Argument(
        None, metavar="[BOARD]", help="Only this board, with its revisions and what is known of it."
    ),
    json: bool = typer.Option(False, "--json", help="One JSON object."),
    measured: bool = typer.Option(
        False, "--measured", help="What was measured: builds, and units alone on an ECP5."
    ),
) -> None:
    """List the boards with device, memories, link, largest model and measured clock."""
    from sterna_boards.listing import board_page, board_rows, measured_rows, unit_rows

    if name is not None:
        _show_board(board_page(name), json)
        return
    tables = {"measured": measured_rows(), "units": unit_rows()} if measured else {
        "boards": board_rows()}
    if json:
        print_json(dict(tables))
        return
    filled = [rows for rows in tables.values() if rows]
    if not filled:
        print("nothing is measured yet: scripts/measure_boards.py, scripts/measure_units.py")
    for number, rows in enumerate(filled):
        if number:
            print()
        print_columns(rows)


def _show_board(page: dict[str, object], json: bool) -> None:
    if json:
        print_json(page)
        return
    rows: list[tuple[str, object]] = []
    for name, value in page.items():
        if isinstance(value, list):
            rows += [(name.rstrip("s"), one) for one in value]
        elif value is not None:
            rows.append((name.replace("_", " "), value))
    print_table(rows)

