"""The page that lies in a project's folder and says how to use it."""

from __future__ import annotations

from pathlib import Path

from sterna.host.run_command import run_command
from sterna.machine.machine import Machine

from sterna_boards.board import Board

_TOOLS = {"vivado": ("Vivado", "vivado -mode batch -source build.tcl", "sterna.bit"),
          "quartus": ("Quartus Prime Pro", "quartus_sh -t build.tcl", "sterna.sof")}
_PAGE = """\
# {title}: {lanes} lanes at {clock_mhz:g} MHz

{tool} makes the bitstream `{bitstream}` for {device}. In this folder:

    {command}

It ends with 2 and says why when something is missing, and with 1 when timing is missed. The project
was never run on this board: open tools have checked that it elaborates, and have counted its area.

{use}

Then, with the serial port of the board (link: {link}; {baud} bit/s, which the image names):

    {run}

The driver loads the memory image over the link before the first token.
{network}{board_files}Revisions: {revisions}. Pins: {source}.{notes}
"""

_NETWORK = """
Without the serial adapter: the processors of the board have the link, and serve it over TCP.

    vivado -mode batch -source network.tcl

{use}

    gcc -O2 -o sterna-serve sterna_serve.c sterna_access.c
    sudo ./sterna-serve

Then, from any computer, with the board's name or address:

    {run}

Weights do not pass the accelerator then: `sterna-serve` writes them into the memory itself.

"""


def page(board: Board, machine: Machine, clock_hz: float) -> str:
    """The text in Markdown."""
    project = board.exported()
    tool, command, bitstream = _TOOLS[project.tool]
    return _PAGE.format(
        title=board.title, device=board.device, lanes=machine.ternary.lanes,
        clock_mhz=clock_hz / 1e6, tool=tool, command=command, bitstream=bitstream, use=project.use,
        network=_NETWORK.format(use=board.network.use, run=run_command(
            f"tcp://kria:{board.network.tcp_port}", Path("image.sterna"))) if board.network else "",
        board_files=(f"Board files `{project.board_files}`: from {project.board_files_from}.\n"
                     if project.board_files else ""),
        revisions=board.revisions, notes="".join(f" Note: {note}." for note in board.notes),
        link=board.link, baud=board.with_rate(machine).link.baud, source=project.source,
        run=run_command(board.port_name, Path("image.sterna")))
