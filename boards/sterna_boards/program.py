"""Loads a bitstream into a board."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sterna.errors import CheckError, InputError

from sterna_boards.board import Board

LOADER = "openFPGALoader"


def program(board: Board, bitstream: Path) -> None:
    """Load the bitstream into the device's configuration memory; it is gone at power off.

    Uses openFPGALoader, or what the environment variable OPENFPGALOADER names. Raises `InputError`
    when it is not installed and `CheckError` with its last words when it fails.
    """
    chosen = os.environ.get("OPENFPGALOADER", LOADER)
    executable = shutil.which(chosen)
    if executable is None:
        raise InputError(
            f"{chosen} is not installed: apt-get install openfpgaloader, brew install "
            f"openfpgaloader, or set OPENFPGALOADER; the bitstream is {bitstream}")
    result = subprocess.run([executable, *board.loader, str(bitstream)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            errors="replace")
    if result.returncode != 0:
        words = [line.strip() for line in result.stdout.splitlines() if line.strip()]
        raise CheckError(f"{board.name}: {LOADER} failed: {words[-1] if words else 'no output'}; "
                         "is the board plugged in, and may you use its USB device?")
