"""Place and route units alone on an ECP5-85F, and renew their tracked table.

    python scripts/measure_units.py [ternary|lif …] [--seeds 3] [--file FILE]

`ternary`: the ternary engine of 8 x 96 table lanes, with code banks, accumulators and the queue of
results, without the memory of the weights. `lif`: the LIF engine with plain flags: 16 lanes for
1024 neurons of 16 bits that leak by a shift, fire at one threshold and are reset to zero. Units
that are not named are left as they are. `sterna boards --measured` prints the table.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from amaranth.back import rtlil
from sterna.law.neuron import Decay, NeuronDefinition, Reset
from sterna.machine.presets import token_machine
from sterna_boards.flows.open.large_designs import PLACE_ONLY, PLACED, ROUTE_ONLY, forget_settings
from sterna_boards.flows.open.report import read_report
from sterna_boards.flows.open.rtlil import corrected
from sterna_boards.flows.open.tools import find_tools
from sterna_boards.measured.baseline import UNITS_FILE, MeasuredUnit, read_units, write_units
from sterna_boards.parts.ecp5_netlist import improve
from sterna_hw.spiking import LifEngine
from sterna_hw.ternary.engine import TernaryEngine

NAME = "unit"
REPORT = "report.json"
_PART = ("--quiet", "--85k", "--package", "CABGA381", "--speed", "6", "--out-of-context",
         "--timing-allow-fail")
PLAIN = NeuronDefinition(sum_bits=16, membrane_bits=16, decay=Decay.SHIFT, decay_shift=4,
                         reset=Reset.HARD)
NEURONS, LIF_LANES = 1024, 16
TERNARY = token_machine(
    rows=8, columns=96, vector_lanes=8, block_groups=16, lane="tables", code_depth=576,
    accumulator_bits=18)


@dataclass(frozen=True)
class Unit:
    """What is measured: its title, lanes, and how it is made."""

    title: str
    lanes: int
    make: Callable[[], Any]
    clock_mhz: float = 100
    """What nextpnr is asked for."""
    placed_mhz: float | None = None
    """What it is asked for where placement and routing are two calls, as for large builds."""


UNITS = {
    "ternary": Unit("ternary engine", TERNARY.ternary.lanes,
                    lambda: TernaryEngine(TERNARY), 115, 150),
    "lif": Unit("LIF engine", LIF_LANES,
                lambda: LifEngine(PLAIN, {"threshold": 1000}, NEURONS, LIF_LANES)),
}


def measure(unit: Unit, seeds: int) -> MeasuredUnit:
    """The unit on its own: no pins, no clock network."""
    tools = find_tools(["yosys", "nextpnr-ecp5"])
    clocks = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = rtlil.convert(unit.make(), name=NAME, platform=SimpleNamespace(family="ecp5"))
        (folder / f"{NAME}.il").write_text(corrected(text))

        def run(tool: str, *arguments: str) -> None:
            subprocess.run([tools[tool].executable, *arguments], cwd=folder, check=True,
                           stdin=subprocess.DEVNULL)

        run("yosys", "-q", "-p",
            f"read_rtlil {NAME}.il; synth_ecp5 -nowidelut -top {NAME} -json {NAME}.json")
        improve(folder / f"{NAME}.json")
        for seed in range(1, seeds + 1):
            options = [*_PART, "--seed", str(seed), "--report", REPORT]
            netlist = f"{NAME}.json"
            if unit.placed_mhz:
                run("nextpnr-ecp5", *options, "--freq", str(unit.placed_mhz), "--json", netlist,
                    *PLACE_ONLY, "--write", PLACED)
                forget_settings(folder / PLACED)
                options += ROUTE_ONLY
                netlist = PLACED
            run("nextpnr-ecp5", *options, "--freq", str(unit.clock_mhz), "--json", netlist)
            routed = read_report(folder / REPORT, unit.clock_mhz * 1e6)
            clocks.append(round(routed.fmax_mhz, 2))
    area = routed.area
    return MeasuredUnit(
        unit=unit.title, device="LFE5U-85F-6", lanes=unit.lanes, clock_mhz=unit.clock_mhz,
        fmax_mhz=tuple(clocks), luts=area.luts, ffs=area.ffs, block_rams=area.block_rams,
        dsps=area.dsps)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="Measure units alone and renew their table.")
    parser.add_argument("units", nargs="*", metavar="UNIT", help=f"{' or '.join(UNITS)}; or all")
    parser.add_argument("--seeds", type=int, default=3, help="placements")
    parser.add_argument("--file", type=Path, default=UNITS_FILE, help="the table to renew")
    arguments = parser.parse_args()
    if arguments.seeds < 1:
        parser.error("--seeds must be at least 1")
    for name in arguments.units:
        if name not in UNITS:
            parser.error(f"{name}: no such unit; there are {', '.join(UNITS)}")
    for name in arguments.units or list(UNITS):
        unit = measure(UNITS[name], arguments.seeds)
        others = [entry for entry in read_units(arguments.file) if entry.unit != unit.unit]
        write_units([unit, *others], arguments.file)
        print(f"{unit.unit}: {unit.lanes} lanes, {unit.luts} LUTs, {unit.luts / unit.lanes:.1f} a "
              f"lane, {min(unit.fmax_mhz)} to {max(unit.fmax_mhz)} MHz", flush=True)


if __name__ == "__main__":
    main()
