"""The command that runs a model on the board that was built for it."""

from __future__ import annotations

import shlex
from pathlib import Path

DEFAULT_PORT = "/dev/ttyUSB0"
"""On a Linux host, where no more is known."""


def run_command(port: str, model: str, image: Path) -> str:
    """A line for a shell. `port` is that of the board; the image names its bit rate."""
    return shlex.join(
        ["sterna", "run", model, "--device", f"serial://{port}", "--image", str(image)])
