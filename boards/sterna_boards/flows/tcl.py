"""The pieces that build scripts are put together from."""

from __future__ import annotations

from importlib import resources


def step(name: str) -> str:
    """The text of a Tcl file of this package, as "vivado/block_design" without the suffix."""
    return (resources.files("sterna_boards.flows") / f"{name}.tcl").read_text()
