"""Who makes the bitstreams of a board: open tools, or its maker's from a project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class OpenTools:
    """What `sterna build` needs: pins for Amaranth, and how openFPGALoader finds the board."""

    platform: Callable[[], Any]
    """Makes a new Amaranth platform; one serves one build."""
    loader: tuple[str, ...]
    """Arguments of openFPGALoader that say which board and cable."""
    flash: str
    """What is overwritten when the bitstream goes into the board's flash."""
    flash_only: bool = False
    """Whether openFPGALoader can load no bitstream that is gone at power off."""
    other_loaders: tuple[tuple[str, ...], ...] = ()
    """Those of revisions with another cable, tried one after the other."""
    loader_hint: str = "is the board plugged in, and may you use its USB device?"
    """What to look at when the loader fails."""
    top: Callable[..., Any] | None = None
    """Makes the top level of the arguments of `BoardTop`, most simply a class that inherits from it
    and adds to the module that it gives; None for that one alone."""
    sources: tuple[Path, ...] = ()
    """Files that its platform and top level are made from, beside those that define them; when one
    changes the bitstream is made again."""
    held_high: bool = False
    """Whether the platform has the resource ``held_high``, pins that every design drives high."""


@dataclass(frozen=True)
class Pin:
    """A port of the top level and where it is; ``place`` None is for the user to fill in."""

    port: str
    place: str | None
    standard: str


@dataclass(frozen=True, kw_only=True)
class Project:
    """What `sterna rtl` needs to write a project for the tool of the chip's maker."""

    tool: Literal["vivado", "quartus"]
    pins: tuple[Pin, ...]
    """Pins of the top level; those of memories come from the board files."""
    board_files: str = ""
    """Name of the board files that the script needs, empty for none."""
    board_files_from: str = "its board store (Tools > Vivado Store)"
    """Where the board files come from, to be read behind "from"."""
    use: str
    """How the bitstream gets into the board, in a sentence or two."""
    source: str
    """Where pins and parts are published."""
