"""Commands that end early: signals at any moment, full disks, streams that nobody reads."""

from __future__ import annotations

import os
import random
import resource
import signal
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

from sterna.cli import ending

from tests.campaign.trial import OUTPUT, Trial, Wanted

IMPORTS = ("sterna.families.spiking.model", "sterna.families.steps.run", "nir",
           "sterna.families.steps.verify", "sterna.families.spiking.import_nir",
           "sterna_boards.listing", "sterna_boards.flows.export", "sterna_hw.verilog")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
COMMANDS: dict[str, list[str]] = {
    "run": ["run", "cubalif", "--steps", "40", "-o", f"{OUTPUT}.npz"],
    "verify": ["verify", "cubalif", "--device", "emulator", "--steps", "4"],
    "estimate": ["estimate", "cubalif", "--board", "ulx3s-85f"],
    "program": ["program", "cubalif"],
    "rtl": ["rtl", "cubalif", "-o", OUTPUT],
    "eval": ["eval", "cubalif"],
    "import": ["import", "graph.nir", "-o", OUTPUT],
    "boards": ["boards"],
    "models": ["models"],
    "--help": ["--help"],
}
_MEMORY = 1 << 36
"""Of addresses: the Verilog back end is a WebAssembly."""
WRITING = ("run", "rtl", "import")
_SECONDS = {"rtl": 3.0, "verify": 1.0, "estimate": 1.0}
"""About how long a command takes; others half a second."""


def trials(draw: random.Random) -> Iterator[Trial]:
    """Every command with every pair of streams; then signals and full disks, without end."""
    for name, output, errors in product(COMMANDS, STREAMS, STREAMS):
        code = {"kept": 0, "gone": 141}.get(output, 1)
        yield Trial(f"{name} with output {output} and errors {errors}", _prepared(name),
                    Wanted.REFUSED if code else Wanted.TAKEN, codes=(code,), silent=True,
                    within=_streams(output, errors), memory=_MEMORY)
    while True:
        name = draw.choice(list(COMMANDS))
        if draw.random() < 0.2 and name in WRITING:
            most = int(10 ** draw.uniform(3, 5))
            yield Trial(f"{name} on a disk of {most} bytes", _prepared(name), Wanted.EITHER,
                        within=_disk(most), memory=_MEMORY)
            continue
        number, seconds = draw.choice(SIGNALS), draw.uniform(0.0005, _SECONDS.get(name, 0.5))
        yield Trial(f"{name} with {number.name} after {seconds:.4f} s", _prepared(name),
                    Wanted.EITHER, codes=(ending.SIGNALS + number,), names=("interrupted",),
                    within=_signal(number, seconds), memory=_MEMORY)


def _prepared(name: str) -> Callable[[Path], list[str]]:
    def prepare(folder: Path) -> list[str]:
        if name == "import":
            from tests.sw.cli.test_outputs import write_graph

            write_graph(folder / "graph.nir")
        return COMMANDS[name]

    return prepare


def _full(number: int) -> None:
    os.dup2(os.open("/dev/full", os.O_WRONLY), number)


def _gone(number: int) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    os.dup2(writer, number)


STREAMS: dict[str, Callable[[int], object]] = {
    "kept": lambda number: None, "full": _full, "gone": _gone, "closed": os.close}


def _streams(output: str, errors: str) -> Callable[[], None]:
    def within() -> None:
        STREAMS[output](1)
        STREAMS[errors](2)

    return within


def _disk(most: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def _signal(number: int, seconds: float) -> Callable[[], None]:
    def within() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        ending.listen()
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), number))
        signal.setitimer(signal.ITIMER_REAL, seconds)

    return within
