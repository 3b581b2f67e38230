"""How a cluster is named."""

from __future__ import annotations

from importlib.util import find_spec
from urllib.parse import urlsplit

from sterna.errors import InputError
from sterna.extras import install_with
from sterna.suggest import did_you_mean

RAY = "ray"
"""The Ray cluster that this machine belongs to (``RAY_ADDRESS``), or a new one of its cores."""


def check_cluster(on: str | None) -> None:
    """Raise `InputError` for what is neither `RAY` nor ``ray://HOST:PORT``, and without Ray."""
    if on is None:
        return
    _check_form(on)
    if find_spec(RAY) is None:  # now, and not behind an hour of synthesis
        raise InputError(f"--on: ray is not installed: {install_with('ray')}")


def _check_form(on: str) -> None:
    if on == RAY:
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
