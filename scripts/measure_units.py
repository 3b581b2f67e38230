"""Place and route units alone on an ECP5-85F, and renew their tracked table.

    python scripts/measure_units.py [--lanes 16] [--seeds 3] [--file FILE]

Measured is the LIF engine with plain flags: neurons of 16 bits that leak by a shift, fire at one
threshold and are reset to zero, 1024 of them. `sterna boards --measured` prints the table.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

from amaranth.back import rtlil
from sterna.program.neuron import Decay, NeuronDefinition, Reset
from sterna_boards.baseline import UNITS_FILE, MeasuredUnit, write_units
from sterna_boards.report import read_report
from sterna_boards.rtlil import relax_collisions
from sterna_boards.tools import find_tools
from sterna_hw.spiking import LifEngine

NEURONS = 1024
CLOCK_MHZ = 100
NAME = "unit"
REPORT = "report.json"
PLAIN = NeuronDefinition(sum_bits=16, membrane_bits=16, decay=Decay.SHIFT, decay_shift=4,
                         reset=Reset.HARD)


def measure(lanes: int, seeds: int) -> MeasuredUnit:
    """The engine with so many lanes, on its own: no pins, no clock network."""
    tools = find_tools(["yosys", "nextpnr-ecp5"])
    engine = LifEngine(PLAIN, {"threshold": 1000}, NEURONS, lanes)
    clocks = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / f"{NAME}.il").write_text(relax_collisions(rtlil.convert(engine, name=NAME)))

        def run(tool: str, *arguments: str) -> None:
            subprocess.run([tools[tool].executable, *arguments], cwd=folder, check=True,
                           stdin=subprocess.DEVNULL)

        run("yosys", "-q", "-p", f"read_rtlil {NAME}.il; synth_ecp5 -top {NAME} -json {NAME}.json")
        for seed in range(1, seeds + 1):
            run("nextpnr-ecp5", "--quiet", "--85k", "--package", "CABGA381", "--speed", "6",
                "--out-of-context", "--timing-allow-fail", "--freq", str(CLOCK_MHZ),
                "--seed", str(seed), "--json", f"{NAME}.json", "--report", REPORT)
            routed = read_report(folder / REPORT, CLOCK_MHZ * 1e6)
            clocks.append(round(routed.fmax_mhz, 2))
    area = routed.area
    return MeasuredUnit(
        unit="LIF engine", device="LFE5U-85F-6", lanes=lanes, clock_mhz=CLOCK_MHZ,
        fmax_mhz=tuple(clocks), luts=area.luts, ffs=area.ffs, block_rams=area.block_rams,
        dsps=area.dsps)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="Measure units alone and renew their table.")
    parser.add_argument("--lanes", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=3, help="placements")
    parser.add_argument("--file", type=Path, default=UNITS_FILE, help="the table to renew")
    arguments = parser.parse_args()
    if arguments.seeds < 1:
        parser.error("--seeds must be at least 1")
    unit = measure(arguments.lanes, arguments.seeds)
    write_units([unit], arguments.file)
    print(f"{unit.unit}: {unit.lanes} lanes, {unit.luts} LUTs, {unit.luts / unit.lanes:.1f} a "
          f"lane, {min(unit.fmax_mhz)} to {max(unit.fmax_mhz)} MHz")


if __name__ == "__main__":
    main()
