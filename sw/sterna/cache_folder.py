"""Where Sterna keeps what is a user's own on this machine."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """`$STERNA_CACHE`, else `$XDG_CACHE_HOME/sterna`, else `~/.cache/sterna`."""
    chosen = os.environ.get("STERNA_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "sterna"
