"""Loads a bitstream into a board."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from sterna.errors import CheckError, InputError

from sterna_boards.board import Board

LOADER = "openFPGALoader"
_COMPLAINT = re.compile(r"\b(error|fail(s|ed)?)\b", re.IGNORECASE)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def check_flash(board: Board, flash: bool) -> None:
    """Raise `InputError` when only the flash can be written and nobody asked for that."""
    tools = board.tools()
    if tools.flash_only and not flash:
        raise InputError(
            f"{board.name}: --program can only write its flash, over {tools.flash}; add --flash to "
            "do that")


def program(board: Board, bitstream: Path, flash: bool = False) -> str:
    """Load the bitstream into the device's machine memory, or write it into the flash.

    Returns what was done, in a sentence. Uses openFPGALoader, or what the environment variable
    OPENFPGALOADER names. Raises `InputError` when it is not installed, or the board takes only its
    flash and ``flash`` is false, and `CheckError` with its last words when it fails. Of iCE40 and
    DFU boards openFPGALoader (to 1.1.1) exits with 0 when it has failed, so its words count too.
    """
    check_flash(board, flash)
    tools = board.tools()
    chosen = os.environ.get("OPENFPGALOADER", LOADER)
    executable = shutil.which(chosen)
    if executable is None:
        raise InputError(
            f"{chosen} is not installed: apt-get install openfpgaloader, brew install "
            f"openfpgaloader, or set OPENFPGALOADER; the bitstream is {bitstream}")
    options = ["--write-flash"] if flash else []
    complaint = ""
    for loader in (tools.loader, *tools.other_loaders):
        complaint = _complaint([executable, *loader, *options, str(bitstream)], tools.flash_only)
        if not complaint:
            break
    if complaint:
        raise CheckError(f"{board.name}: {LOADER} failed: {complaint}; {tools.loader_hint}")
    if flash:
        return f"{board.title}: written over {tools.flash}; it stays at power off"
    return f"{board.title}: loaded; it is gone at power off"


def loader_lines(board: Board, bitstream: Path) -> list[tuple[str, str]]:
    """What each does, and its line for a shell: loading, where the board can, and flashing."""
    tools = board.tools()
    ways = [("into the flash", ["--write-flash"])]
    if not tools.flash_only:
        ways.insert(0, ("until power off", []))
    return [(words, shlex.join([LOADER, *tools.loader, *options, str(bitstream)]))
            for words, options in ways]


def _complaint(command: list[str], listen: bool) -> str:
    """Run the loader; its last complaint, or nothing when it has done its work.

    ``listen`` is whether what it says counts although it exits with 0.
    """
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, errors="replace")
    words = [_COLOURS.sub("", line).strip() for line in re.split(r"[\r\n]", result.stdout)]
    if result.returncode == 0:
        complaints = [line for line in words if listen and _COMPLAINT.search(line)]
        return complaints[-1] if complaints else ""
    return next((line for line in reversed(words) if line), "no output")
