"""How a cluster is named."""

from __future__ import annotations

from urllib.parse import urlsplit

from sterna.errors import InputError
from sterna.suggest import did_you_mean

RAY = "ray"
"""The Ray cluster that this machine belongs to (``RAY_ADDRESS``), or a new one of its cores."""


def check_cluster(on: str | None) -> None:
    """Raise `InputError` for what is neither `RAY` nor ``ray://HOST:PORT``."""
    if on is None or on == RAY:
        return
    try:
        parts = urlsplit(on)
        good = parts.scheme == RAY and parts.hostname and parts.port and on == (
            f"{RAY}://{parts.netloc}")
    except ValueError:
        good = False
    if not good:
        raise InputError(f"--on: {on!r} is no cluster; give ray, or ray://HOST:PORT"
                         f"{did_you_mean(on, [RAY])}")
