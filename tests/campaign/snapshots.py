"""Texts and time steps that go on: what `--save` wrote, with bytes and facts changed."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.campaign.machines import changed
from tests.campaign.trial import OUTPUT, Trial, Wanted

IMPORTS = ("sterna.families.tokens.run", "sterna.families.steps.run",
           "sterna.families.spiking.model", "sterna.families.matmul_free.model")
COMMANDS = {"text": ["run", "demo-tiny", "--max-tokens", "2"],
            "steps": ["run", "l2mu", "--steps", "2"]}


@cache
def _good() -> dict[str, Path]:
    from sterna.cli.application import run_arguments

    folder = Path(tempfile.mkdtemp(prefix="campaign-snapshot"))
    for name, words in COMMANDS.items():
        assert run_arguments([*words, "--save", str(folder / name)]) == 0
    return {name: folder / name for name in COMMANDS}


def trials(draw: random.Random) -> Iterator[Trial]:
    """The one for the other first; then damage, without end."""
    for name in COMMANDS:
        for other in COMMANDS:
            yield _trial(f"{other} for {name}", name, _good()[other].read_bytes(),
                         Wanted.TAKEN if name == other else Wanted.REFUSED)
    while True:
        yield draw.choice((_bytes, _facts, _facts))(draw.random())


def _trial(what: str, name: str, data: bytes, wanted: Wanted, device: tuple[str, ...] = ()
           ) -> Trial:
    def prepare(folder: Path) -> list[str]:
        (folder / "saved").write_bytes(data)
        return [*COMMANDS[name], "--resume", "saved", "--save", OUTPUT, *device]

    return Trial(f"{name}: {what}", prepare, wanted, ("saved",) if wanted is Wanted.REFUSED else (),
                 environment={"TORCHINDUCTOR_CACHE_DIR": "../cache"}, seconds=10, memory=1 << 32)


def _bytes(seed: float) -> Trial:
    choose = random.Random(seed)
    name = choose.choice(sorted(COMMANDS))
    data = bytearray(_good()[name].read_bytes())
    if choose.random() < 0.3:
        del data[choose.randrange(len(data)):]
    else:
        data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
    return _trial(f"damaged bytes {seed}", name, bytes(data), Wanted.REFUSED)


def _facts(seed: float) -> Trial:
    """Sealed again, so that the digest of the file is right."""
    from sterna.machine.container import read_container, write_container

    choose = random.Random(seed)
    name = choose.choice(sorted(COMMANDS))
    parts, manifest = read_container(_good()[name])
    manifest = changed(json.loads(json.dumps(manifest)), choose)
    with tempfile.TemporaryDirectory(prefix="campaign-sealed") as folder:
        path = Path(folder) / "sealed"
        write_container(path, {part: [data] for part, data in parts.items()},
                        manifest if isinstance(manifest, dict) else {})
        return _trial(f"other facts {seed}", name, path.read_bytes(), Wanted.EITHER,
                      choose.choice(((), ("--device", "emulator"))))
