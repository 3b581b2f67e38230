"""The command that runs a model on the board that was built for it."""

from __future__ import annotations

import shlex
from pathlib import Path

DEFAULT_PORT = "/dev/ttyUSB0"
"""On a Linux host, where no more is known."""


def run_command(port: str, image: Path) -> str:
    """A line for a shell. `port` is the serial port of the board, or a whole address; the image
    names its bit rate, and holds all that the host needs of the model."""
    address = port if "://" in port else f"serial://{port}"
    return shlex.join(["sterna", "run", "--device", address, "--image", str(image)])
