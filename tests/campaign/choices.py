"""Options that are words, of every command: with words of others, none, and broken ones."""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator
from pathlib import Path

from tests.campaign.numbers import BASES, IMPORTS
from tests.campaign.trial import Trial, Wanted

__all__ = ["IMPORTS", "trials"]
_LONG = {"--prompt", "--system", "--api-key", "--name"}
"""Any text is good for these."""
WORDS = ("", " ", "auto", "AUTO", "chip", "memory", "host", "usb", "uart", "tables", "adders",
         "tiny", "ulx3s-85f", "icebreaker", "kv260", "golden", "sim", "emulator", "link", "sdram",
         "axi4-lite", "ddr4-2400", "-", "--", ".", "/", "/dev/null", "nowhere", "a/b", "\ud800",
         "\0", "\n", "é", "x" * 300, "1", "None", "{}", "~", "*")
BREAKING = ("", " ", "\0", "\n", "x" * 300, "{}", "nowhere-at-all", "*")
"""What no choice has."""


def trials(draw: random.Random) -> Iterator[Trial]:
    """Every option with every word that is none, and with random pairs of others, without end."""
    options = list(_options())
    every = [(item, word) for item in options for word in BREAKING]
    draw.shuffle(every)
    for (command, base, flag), word in every:
        yield _trial(command, base, [(flag, word)])
    while True:
        command, base, flag = draw.choice(options)
        others = [item[2] for item in options if item[0] == command]
        yield _trial(command, base, [(flag, draw.choice(WORDS)),
                                     (draw.choice(others), draw.choice(WORDS))])


def _options() -> Iterator[tuple[str, list[str], str]]:
    """Command, what stands before, and the option; of commands that write nothing or little."""
    from sterna.cli.application import application

    for command in application().registered_commands:
        name = str(command.name)
        if name in ("simulate", "bench", "build", "serve", "import"):
            continue
        for item in inspect.signature(command.callback).parameters.values():
            flags = getattr(item.default, "param_decls", None) or ()
            if "str" in str(item.annotation) and flags and "bool" not in str(item.annotation):
                flag = max(flags, key=len)
                if flag.startswith("--") and flag not in _LONG:
                    for base in BASES.get(name, ([],)):
                        yield name, list(base), flag


def _trial(command: str, base: list[str], given: list[tuple[str, str]]) -> Trial:
    kept = list(base)
    for flag, _ in given:
        if flag in kept:
            del kept[kept.index(flag):kept.index(flag) + 2]

    def prepare(folder: Path) -> list[str]:
        (folder / "text").write_text("Once upon a time there was a king.")
        return [command, *kept, *(f"{flag}={word}" for flag, word in given)]

    told = " ".join(f"{flag}={word[:30]!r}" for flag, word in given)
    return Trial(f"{command} {' '.join(kept[:1])} {told}", prepare, Wanted.EITHER,
                 environment={"TORCHINDUCTOR_CACHE_DIR": "../cache"}, seconds=20, memory=1 << 32)
