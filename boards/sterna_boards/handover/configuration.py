"""``configuration.json``: the machine."""

from __future__ import annotations

from pathlib import Path

from sterna_boards.handover.core import Core, Written

NAME = "configuration.json"


def write(core: Core, folder: Path) -> Written:
    """The machine as ``--config`` takes it."""
    (folder / NAME).write_text(core.machine.to_json() + "\n", encoding="utf-8")
    return Written(
        {NAME: "configuration of the accelerator, as --config takes it"},
        {"configuration_digest": f"{core.machine.digest():016x}", "baud": core.machine.link.baud})
