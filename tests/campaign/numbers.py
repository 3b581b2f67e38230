"""Every option that is a number, of every command, with everything that is none or too much."""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from tests.campaign.trial import OUTPUT, Trial, Wanted

IMPORTS = ("sterna.families.tokens.run", "sterna.families.tokens.verify",
           "sterna.families.steps.run", "sterna.families.spiking.model", "sterna_boards.catalogue")
"""What the commands import, once before the trials fork."""
BASES = {
    "run": (["demo-tiny", "--max-tokens", "2"], ["cubalif", "--steps", "3"]),
    "verify": (["demo-tiny", "--device", "emulator", "--tokens", "2"],
               ["cubalif", "--device", "emulator", "--steps", "3"]),
    "estimate": (["demo-tiny", "--board", "ulx3s-85f"], ["cubalif", "--board", "ulx3s-85f"],
                 ["demo-tiny", "--memory", "ddr3-1.6"]),
    "program": (["demo-tiny", "--machine"], ["cubalif"]),
    "eval": (["demo-tiny", "--text", "text"], ["l2mu", "--samples", "3"]),
    "bench": (["demo-tiny"], ["cubalif"]), "simulate": (["demo-tiny"], ["cubalif"]),
    "rtl": (["demo-tiny", "-o", OUTPUT], ["cubalif", "-o", OUTPUT]),
    "report": (["demo-tiny", "--board", "ulx3s-85f", "-o", OUTPUT],
               ["cubalif", "--board", "ulx3s-85f", "-o", OUTPUT]),
    "sweep": (["demo-tiny", "--board", "ulx3s-12f", "--trials", "2"],
              ["cubalif", "--board", "ulx3s-85f", "--trials", "2"]),
    "build": (["demo-tiny", "--board", "ulx3s-85f"], ["cubalif", "--board", "ulx3s-85f"]),
    "chat": (["demo-tiny"],), "serve": (["demo-tiny", "--port", "0"],),
    "import": (["net.py:make", "-o", OUTPUT], ["graph.nir", "-o", OUTPUT]),
}
_QUICK = ("run", "verify", "estimate", "program", "eval")
"""Commands that end by themselves, whatever number they are given."""
NO_NUMBERS = ("", " ", " 5", "5 ", "1_000", "1,000", "nan", "NaN", "inf", "-inf", "Infinity",
              "1e400", "-1e400", "0x10", "1e", "٣", "²", "5.", "--", "9" * 5000, str(10**30),
              str(-10**30), "1/2", "five", "None", "\t5", "5\n")
_EDGES = ("-1", "0", "1", "-0.0", "1e-300", "1000000", str((1 << 31) - 1), str(1 << 63), "16384",
          "65536", "999")
"""Which may mean something."""
_AS_REAL = {"5.", "1e400", "-1e400"}


def trials(draw: random.Random) -> Iterator[Trial]:
    """Every option with every text, once."""
    every = list(_every())
    draw.shuffle(every)
    yield from every


def _every() -> Iterator[Trial]:
    from sterna.cli.application import application

    for command in application().registered_commands:
        name = str(command.name)
        for item in inspect.signature(command.callback).parameters.values():
            kinds = {item.annotation, *get_args(item.annotation)}
            if not {int, float} & kinds:
                continue
            flag = max(item.default.param_decls, key=len)
            for base in BASES.get(name, ([],)):
                kept = list(base)
                if flag in kept:
                    del kept[kept.index(flag):kept.index(flag) + 2]
                for text in NO_NUMBERS:
                    real = float in kinds and text in _AS_REAL
                    if not real or name in _QUICK:
                        yield _trial(name, kept, flag, text,
                                     Wanted.EITHER if real else Wanted.REFUSED)
                for text in _EDGES if name in _QUICK else ():
                    if not (flag in ("--max-tokens", "--tokens", "--steps", "--samples")
                            and len(text) > 3):
                        yield _trial(name, kept, flag, text, Wanted.EITHER)


def _trial(command: str, base: list[str], flag: str, text: str, wanted: Wanted) -> Trial:
    def prepare(folder: Path) -> list[str]:
        (folder / "text").write_text("Once upon a time there was a king.")
        return [command, *base, f"{flag}={text}"]

    name = f"{command} {' '.join(base[:1])} {flag}={text[:40]!r}"
    return Trial(name, prepare, wanted, (flag.removeprefix("--"),) if wanted is Wanted.REFUSED else
                 (), environment={"TORCHINDUCTOR_CACHE_DIR": "../cache"}, seconds=15)
