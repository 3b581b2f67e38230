#!/usr/bin/env python3
"""How fast golden and simulated board are, beside another revision, on one core.

    python scripts/measure_speed.py REV [golden|sim] [MODEL]

Both trees compute the same tokens or time steps in turn, five times each, in a process of their own
on one processor. Told are RUNs a second of processor time, without what comes before the first RUN,
of each turn and their medians, and the median of the five ratios. MODEL is `demo` or another
shipped model; simulators are built first and taken from the cache.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("sw", "hw", "sim", "boards")
TURNS = 5
NETWORKS = ("l2mu", "delays")

# Runs on the packages of either tree, so that it uses only what both have.
CHILD = """
import sys, time
import numpy as np
device, name = sys.argv[1:]
draw = np.random.default_rng(0)
if name in {networks}:
    from sterna.families.spiking.examples import EXAMPLES
    from sterna.families.spiking.lowering import lower
    from sterna.families.spiking.quantise import quantise
    from sterna.machine.presets import STEP_MACHINE as base
    program = lower(quantise(EXAMPLES[name]()))
    runs = list(draw.integers(0, 2, (400, program.input_length)))
else:
    from sterna.families.matmul_free.lowering import lower
    from sterna.families.matmul_free.store import load_model
    from sterna.machine.presets import PRESETS
    base = PRESETS["standard"]
    program = lower(load_model(name), name=name)
    runs = draw.integers(0, program.rows, 100 if device == "golden" else 20).tolist()
if device == "golden":
    from sterna.golden.executor import GoldenExecutor
    golden = GoldenExecutor(program)
    step = (lambda run: golden.run(run[None])) if name in {networks} else golden.step
else:
    from sterna.compiler.fit import fit_machine
    from sterna.families.opening import open_program
    from sterna.host.step_board import StepBoard
    from sterna.host.token_board import TokenBoard
    kind = StepBoard if name in {networks} else TokenBoard
    step = open_program(kind, "sim", program, fit_machine(program, base)).step
for run in runs[:5]:
    step(run)
start = time.process_time()
for run in runs:
    step(run)
print(len(runs) / (time.process_time() - start))
"""


def speed(tree: Path, device: str, model: str) -> float:
    """RUNs a second of processor time."""
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(str(tree / name) for name in PACKAGES)}
    processor = min(os.sched_getaffinity(0))
    ran = subprocess.run(
        [sys.executable, "-c", CHILD.format(networks=NETWORKS), device, model], cwd=tree,
        env=environment, stdout=subprocess.PIPE, text=True, check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {processor}))
    return float(ran.stdout)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("revision", metavar="REV")
    parser.add_argument("device", nargs="?", choices=("golden", "sim"), default="golden")
    parser.add_argument("model", nargs="?", default="demo")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(tree),
                        chosen.revision], cwd=ROOT, check=True)
        try:
            if chosen.device == "sim":
                for built in (tree, ROOT):
                    speed(built, chosen.device, chosen.model)
            turns = [(speed(tree, chosen.device, chosen.model),
                      speed(ROOT, chosen.device, chosen.model)) for _ in range(TURNS)]
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(tree)], cwd=ROOT,
                           check=True)
    for name, speeds in zip((chosen.revision, "this tree"), zip(*turns, strict=True), strict=True):
        print(f"{name:12} {' '.join(f'{value:7.1f}' for value in speeds)}"
              f"   median {median(speeds):.1f} RUNs/s")
    print(f"{median(now / before for before, now in turns):.2f} times as fast")


if __name__ == "__main__":
    main()
