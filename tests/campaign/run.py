#!/usr/bin/env python3
"""Thousands of wrong inputs through the front door, and how many it does not stand.

usage: tests/campaign/run.py [CLASS ...] [--count N] [--seed N]

A class of inputs is a module beside this one, in `CLASSES` below: ``trials(random)`` yields as many
as it has, or without end, and ``IMPORTS`` are modules to import before trials fork.
Prints every trial that went wrong and the counts of each class; ends with 1 when there is one. Not
a part of continuous integration: 3,000 trials take some minutes of a processor.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from importlib import import_module
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLASSES = {"checkpoints": "tests.campaign.checkpoints", "numbers": "tests.campaign.numbers",
           "machines": "tests.campaign.machines",
           "events": "tests.campaign.event_files", "nir": "tests.campaign.nir_graphs",
           "ends": "tests.campaign.ends", "texts": "tests.campaign.texts",
           "talks": "tests.campaign.talks", "choices": "tests.campaign.choices",
           "rwkv": "tests.campaign.rwkv_files", "projects": "tests.campaign.project_files",
           "ports": "tests.campaign.ports", "snapshots": "tests.campaign.snapshots",
           "served": "tests.campaign.served", "hub": "tests.campaign.hub_answers"}
"""The module of each class, by the name on the command line."""


def main() -> int:
    """Run the classes that are asked for; how many trials went wrong decides the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("classes", nargs="*", metavar="CLASS", help=f"of {', '.join(CLASSES)}")
    parser.add_argument("--count", type=int, default=500, help="trials a class (500)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    unknown = set(options.classes) - CLASSES.keys()
    if unknown:
        parser.error(f"no such class: {', '.join(sorted(unknown))}")
    # The modules are named after what they try: their folder must not hide a package of that name.
    sys.path[0] = str(ROOT)
    wrong = sum(_run_class(name, options.count, options.seed)
                for name in options.classes or CLASSES)
    return int(wrong > 0)


def _run_class(name: str, count: int, seed: int) -> int:
    from tests.campaign.trial import FAULTS, faults, run

    found: Counter[str] = Counter()
    module = import_module(CLASSES[name])
    for needed in ("sterna.cli.application", *module.IMPORTS):
        import_module(needed)
    start, tried, wrong = time.monotonic(), 0, 0
    for trial in islice(module.trials(random.Random(seed)), count):
        answer = run(trial)
        tried += 1
        if bad := faults(trial, answer):
            wrong += 1
            found.update(bad)
            last = (answer.errors.splitlines() or [""])[-1]
            print(f"{name}: {trial.name}: {', '.join(bad)}: exit {answer.code}: {last[:300]}"
                  + (f" [left {', '.join(answer.left)}]" if answer.left else ""), flush=True)
        if not tried % 500:
            print(f"{name}: {tried} trials, {wrong} went wrong ...", flush=True)
    counts = ", ".join(f"{found[fault]} {fault}" for fault in FAULTS)
    print(f"{name}: {tried} trials in {time.monotonic() - start:.0f} s: {counts}", flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
