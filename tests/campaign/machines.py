"""Machines in JSON and memory images whose fields are missing, of other kinds or out of bounds."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from tests.campaign.checkpoints import VALUES
from tests.campaign.trial import Trial, Wanted

IMPORTS = ("sterna.families.tokens.run", "sterna.families.images", "sterna.families.steps.run",
           "sterna.compiler.compile", "sterna.families.matmul_free.model",
           "sterna.families.tokens.verify", "sterna.families.steps.verify",
           "sterna.families.spiking.model", "sterna.machine.emulator")
"""What the commands import, once before the trials fork."""


@cache
def _machines() -> dict[str, tuple[dict[str, Any], list[str]]]:
    """A machine in JSON, and a command that takes it."""
    from sterna.machine.presets import PRESETS, STEP_MACHINE

    return {
        "tokens": (json.loads(PRESETS["tiny"].to_json()),
                   ["verify", "demo-tiny", "--device", "emulator", "--tokens", "1"]),
        "steps": (json.loads(STEP_MACHINE.to_json()),
                  ["verify", "cubalif", "--device", "emulator", "--steps", "2"]),
    }


@cache
def _images() -> dict[str, Path]:
    """Images that run."""
    from sterna.compiler.compile import compile_program
    from sterna.compiler.fit import fit_machine
    from sterna.families.matmul_free.model import open_model
    from sterna.machine.presets import PRESETS

    folder = Path(tempfile.mkdtemp(prefix="campaign-image"))
    model = open_model("demo-tiny")
    machine = fit_machine(model.lowered, PRESETS["tiny"], "host")
    image = compile_program(model.lowered, machine, "host")
    replace(image, host=model.host_side()).save(folder / "text.image")
    return {"text": folder / "text.image"}


def trials(draw: random.Random) -> Iterator[Trial]:
    """Changes of one field, without end."""
    while True:
        yield draw.choice((_machine, _machine, _image, _bytes))(draw.random())


def changed(values: Any, choose: random.Random) -> Any:
    """The same JSON with one thing else, anywhere."""
    values = json.loads(json.dumps(values))
    place: Any = values
    while True:
        key = choose.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if isinstance(place[key], dict | list) and place[key] and choose.random() < 0.8:
            place = place[key]
            continue
        what = choose.random()
        if what < 0.2:
            del place[key]
        elif what < 0.3 and isinstance(place, dict):
            place["surplus"] = choose.choice(VALUES)
        elif what < 0.4 and type(place[key]) is int:
            place[key] = max(0, place[key] + choose.choice((-1, 1, place[key], 1 << 20)))
        else:
            place[key] = choose.choice(VALUES)
        return values


def _machine(seed: float) -> Trial:
    def prepare(folder: Path) -> list[str]:
        choose = random.Random(seed)
        values, words = _machines()[choose.choice(["tokens", "steps"])]
        (folder / "machine.json").write_text(json.dumps(changed(values, choose)))
        return [*words, "--config", "machine.json"]

    return Trial(f"machine {seed}", prepare, Wanted.EITHER)


def _image(seed: float) -> Trial:
    def prepare(folder: Path) -> list[str]:
        from sterna.machine.container import read_container, write_container

        choose = random.Random(seed)
        parts, manifest = read_container(_images()["text"])
        if choose.random() < 0.3:
            machine = changed(json.loads(manifest["machine"]), choose)
            manifest["machine"] = json.dumps(machine)
        else:
            manifest = changed(manifest, choose)
        if not isinstance(manifest, dict):
            manifest = {}
        write_container(folder / "image.bin", {name: [part] for name, part in parts.items()},
                        manifest)
        return ["run", "--image", "image.bin", "--device", "emulator", "--max-tokens", "2"]

    return Trial(f"image {seed}", prepare, Wanted.EITHER)


def _bytes(seed: float) -> Trial:
    def prepare(folder: Path) -> list[str]:
        choose = random.Random(seed)
        data = bytearray(_images()["text"].read_bytes())
        if choose.random() < 0.3:
            del data[choose.randrange(len(data)):]
        else:
            data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
        (folder / "image.bin").write_bytes(data)
        return ["run", "--image", "image.bin", "--device", "emulator", "--max-tokens", "2"]

    return Trial(f"bytes of an image {seed}", prepare, Wanted.REFUSED, ("image.bin",))
