"""Synthesis of a project with yosys: that it elaborates, and its area by unit.

It stands for the vendor's tool, which packs two small look-up tables into one where yosys does not.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sterna.cache import cache_folder
from sterna.errors import CheckError
from sterna.unfinished import unfinished_folder, write_whole

from sterna_boards.flows.open.tools import find_tool

_LUTS = {
    **{f"LUT{inputs}": 1 for inputs in range(1, 7)}, "LUT6_2": 1, "SRL16E": 1, "SRLC32E": 1,
    "RAM32M": 4, "RAM32M16": 8, "RAM64M": 4, "RAM64M8": 8, "RAM32X1D": 2, "RAM64X1D": 2,
    "RAM64X1S": 1, "RAM128X1D": 4, "RAM128X1S": 2, "RAM256X1S": 4,
    **{f"MISTRAL_ALUT{inputs}": 0.5 for inputs in range(2, 6)}, "MISTRAL_ALUT6": 1,
    "MISTRAL_ALUT_ARITH": 0.5, "MISTRAL_NOT": 0.5, "MISTRAL_MLAB": 0.5,
}
"""Look-up tables of six inputs, or adaptive logic modules, which hold two small tables."""
_FLIP_FLOPS = ("FDRE", "FDSE", "FDCE", "FDPE", "MISTRAL_FF")
_BLOCK_RAMS = {"RAMB36E1": 2, "RAMB36E2": 2, "RAMB18E1": 1, "RAMB18E2": 1, "MISTRAL_M10K": 1}
"""Block RAMs of 18 kbit (10 kbit of a Cyclone V)."""
_DSPS = {"DSP48E1": 1, "DSP48E2": 1, "MISTRAL_MUL27X27": 2, "MISTRAL_MUL18X18": 1,
         "MISTRAL_MUL9X9": 2 / 3}
"""Multipliers, of Intel's parts those of 18 by 19 bits, of which a block has two."""
_SYNTHESIS = {
    "xc7": "synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -nosrl",
    "xcup": "synth_xilinx -family xcup -flatten -noiopad -noclkbuf -nosrl",
    # The newest family that yosys knows with adaptive logic modules; block RAMs are smaller there.
    "stratix10": "synth_intel_alm -family cyclonev",
}

_LARGE_RAM = 'ram_style = "ultra"'
"""What asks for a RAM of 288 kbit, which yosys takes for other memories too if it may."""


@dataclass(frozen=True, kw_only=True)
class Synthesis:
    """Area of an accelerator with its UART, without the memory controllers of the vendor.

    ``luts`` counts everything that takes a look-up table: logic, carry, memory, shift registers.
    ``units`` splits it by hierarchical name, three names deep.
    """

    luts: int
    ffs: int
    block_rams: int
    dsps: int
    units: dict[str, int]
    large_rams: int = 0

    def to_json(self) -> str:
        """All as one JSON object."""
        return json.dumps(asdict(self))


def synthesise(family: str, source: Path, top: str = "sterna") -> Synthesis:
    """Synthesise a Verilog file for "xc7", "xcup" or "stratix10" (as for a Cyclone V).

    Raises `InputError` without yosys, and `CheckError` with its complaint when it fails.
    """
    yosys = find_tool("yosys").executable
    command = _SYNTHESIS[family] + (" -uram" if _LARGE_RAM in source.read_text() else "")
    script = (f"read_verilog -DSYNTHESIS source.v; "
              f"{command} -top {top}; autoname; write_json netlist.json")
    with unfinished_folder(Path(tempfile.gettempdir())) as folder:
        (folder / "source.v").write_bytes(source.read_bytes())
        result = subprocess.run([yosys, "-q", "-p", script], cwd=folder, text=True,
                                stdin=subprocess.DEVNULL, capture_output=True)
        if result.returncode != 0:
            log = cache_folder() / "failed" / f"{source.stem}-{family}.log"
            write_whole(log, result.stdout + result.stderr)
            errors = [line for line in log.read_text().splitlines() if "ERROR" in line]
            raise CheckError(f"{source}: yosys failed: {(errors or ['no output'])[-1]} "
                             f"(log: {log})")
        return _area(json.loads((folder / "netlist.json").read_text())["modules"][top])


def _area(module: dict[str, Any]) -> Synthesis:
    totals: Counter[str] = Counter()
    units: dict[str, float] = {}
    for name, cell in module["cells"].items():
        totals[cell["type"]] += 1
        luts = _LUTS.get(cell["type"], 0)
        if luts:
            path = name.split(".")[:-1][:3]
            unit = ".".join(path) or "top"
            units[unit] = units.get(unit, 0) + luts
    largest = sorted(units.items(), key=lambda item: -item[1])
    return Synthesis(
        luts=round(_weigh(_LUTS, totals)),
        ffs=sum(count for kind, count in totals.items() if kind in _FLIP_FLOPS),
        block_rams=round(_weigh(_BLOCK_RAMS, totals)),
        dsps=round(_weigh(_DSPS, totals)),
        units={name: round(count) for name, count in largest},
        large_rams=totals["URAM288"],
    )


def _weigh(weights: Mapping[str, float], totals: Counter[str]) -> float:
    return sum(weight * totals[kind] for kind, weight in weights.items())
