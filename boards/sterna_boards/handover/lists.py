"""``sterna.f`` and ``sterna.core``: the Verilog for tools that take lists of files."""

from __future__ import annotations

from pathlib import Path

from sterna_boards.handover.core import Core, Written

LIST, FUSESOC = "sterna.f", "sterna.core"
_CORE = """\
CAPI=2:
name: ::{name}:0
description: {description}

filesets:
  rtl:
    files:
{files}
    file_type: verilogSource-2005

targets:
  default: &default
    filesets: [rtl]
    toplevel: {top}

  lint:
    <<: *default
    flow: lint
    flow_options:
      tool: verilator
"""


def write(core: Core, folder: Path) -> Written:
    """Lists of the Verilog, of what an instance needs; nothing for a board's project."""
    if core.board is not None:
        return Written()
    sources = sorted(path.name for path in folder.glob("*.v"))
    (folder / LIST).write_text("".join(f"{name}\n" for name in sources), encoding="utf-8")
    (folder / FUSESOC).write_text(_CORE.format(
        name=core.top, top=core.top, description="accelerator made by Sterna",
        files="\n".join(f"      - {name}" for name in sources)),
        encoding="utf-8")
    return Written({
        LIST: "list of the Verilog files; verilator -F, and -f of other tools in this folder",
        FUSESOC: "the Verilog as a FuseSoC core (CAPI2) with a target lint",
    })
