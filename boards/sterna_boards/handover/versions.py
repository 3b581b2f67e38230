"""What the text depends on besides the machine: facts of the manifest, no file."""

from __future__ import annotations

from pathlib import Path

from sterna_hw.versions import versions

from sterna_boards.handover.core import Core, Written


def write(core: Core, folder: Path) -> Written:
    """Versions of Python and of every package that shapes the Verilog."""
    del core, folder
    return Written(facts={"made_with": versions()})
