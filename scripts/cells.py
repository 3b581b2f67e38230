"""Cells by unit and the longest path of a few machines after synthesis: one JSON object.

    python scripts/cells.py [SHAPE…] [--against FILE]

With `--against`, a file that an earlier revision printed, the figures that are more than 1 % above
(and more than a few cells) are told, and the exit code is 1. Nothing is placed, so it takes a
minute or two a shape; the mapping is that to look-up tables of six inputs.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS, STEP_MACHINE
from sterna_boards.flows.open.tools import find_tool
from sterna_boards.flows.synthesis import synthesise
from sterna_hw.verilog import to_verilog

SHAPES: dict[str, Machine] = {
    "small": PRESETS["small"],
    "streams": PRESETS["tiny"].having(streams=2),
    "steps": STEP_MACHINE,
}
MORE, FEW = 1.01, 12
"""What counts as more: by a hundredth, and by more cells than a change of names moves."""
_DEPTH = re.compile(r"Longest topological path in \S+ \(length=(\d+)\)")


def depth(source: Path) -> int:
    """Levels of logic between registers and memories, of look-up tables of six inputs."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "depth.txt"
        # By a name in the folder, since WebAssembly builds of yosys see no other.
        (Path(folder) / "source.v").write_bytes(source.read_bytes())
        # Paths end at memories, which would become millions of flip-flops here.
        synth = "synth -flatten -lut 6 -top sterna"
        script = (f"read_verilog -DSYNTHESIS source.v; {synth} -run begin:fine; "
                  f"cutpoint t:$mem*; {synth} -run fine:; tee -o depth.txt ltp -noff")
        subprocess.run([find_tool("yosys").executable, "-q", "-p", script], cwd=folder, check=True,
                       stdin=subprocess.DEVNULL, capture_output=True)
        match = _DEPTH.search(found.read_text())
        return int(match[1]) if match else 0


def figures(machine: Machine) -> dict[str, int]:
    """Look-up tables by unit, flip-flops and depth."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        source = Path(folder) / "sterna.v"
        source.write_text(to_verilog(machine))
        made = synthesise("xc7", source)
        return {**{f"luts {unit}": count for unit, count in sorted(made.units.items())},
                "luts": made.luts, "flip-flops": made.ffs, "depth": depth(source)}


def main() -> int:
    """Print the figures, and compare; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shapes", nargs="*", metavar="SHAPE", help=f"of {', '.join(SHAPES)}")
    parser.add_argument("--against", type=Path, help="figures of an earlier revision")
    arguments = parser.parse_args()
    if unknown := set(arguments.shapes) - SHAPES.keys():
        parser.error(f"{', '.join(sorted(unknown))}: not among {', '.join(SHAPES)}")
    found = {}
    for name in arguments.shapes or SHAPES:
        print(f"  {name} ...", file=sys.stderr, flush=True)
        found[name] = figures(SHAPES[name])
    print(json.dumps(found, indent=1))
    if arguments.against is None:
        return 0
    before = json.loads(arguments.against.read_text())
    larger = [f"{shape} {what}: {count}, was {before[shape][what]}"
              for shape, counts in found.items() for what, count in counts.items()
              if what in before.get(shape, {})
              and count > max(before[shape][what] * MORE,
                              before[shape][what] + (0 if what == "depth" else FEW))]
    print(*larger or ["nothing is larger"], sep="\n", file=sys.stderr)
    return 1 if larger else 0


if __name__ == "__main__":
    sys.exit(main())
