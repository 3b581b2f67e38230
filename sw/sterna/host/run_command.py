"""The command that runs a model on the board that was built for it."""

from __future__ import annotations

import shlex
from pathlib import Path

DEFAULT_PORT = "/dev/ttyUSB0"
"""On a Linux host, where no more is known."""


def run_command(port: str, image: Path) -> str:
    """A line for a shell. `port` is that of the board; the image names its bit rate, and holds all
    that the host needs of the model."""
    return shlex.join(
        ["sterna", "run", "--device", f"serial://{port}", "--image", str(image)])
