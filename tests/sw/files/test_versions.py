"""Every kind of file that is written says its version; another one is refused with the command to
redo."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import sterna.chat.file
import sterna.machine.container
import sterna.machine.snapshot
import sterna_boards.model_build
from sterna.chat.conversation import USER, Message
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.errors import InputError
from sterna.families.matmul_free import names as matmul_free
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.store import load_model
from sterna.families.spiking import names as spiking
from sterna.files.manifest import check_folder, write_manifest
from sterna.machine.image import MemoryImage
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.machine.snapshot import Snapshot, State
from sterna.tasks import export


@pytest.mark.parametrize("kind", [
    matmul_free.FORMAT, spiking.FORMAT, export.FORMAT, sterna_boards.model_build.FORMAT])
@pytest.mark.parametrize("step", [-1, 1])
def test_folders(tmp_path, kind, step):
    (tmp_path / "file").write_text("x")
    write_manifest(tmp_path, kind)
    assert check_folder(tmp_path, kind, []) == {"file"}
    other = kind.version + step
    write_manifest(tmp_path, replace(kind, version=other))
    with pytest.raises(InputError) as caught:
        check_folder(tmp_path, kind, [])
    assert f"format version {other}, this Sterna reads {kind.version}; " in str(caught.value)
    assert "sterna " in kind.remedy and str(caught.value).endswith(kind.remedy)


@pytest.mark.parametrize("step", [-1, 1])
def test_images(tmp_path, monkeypatch, step):
    program = lower(load_model("demo-tiny"))
    image = compile_program(program, fit_machine(program, PRESETS["tiny"], "chip"), "chip")
    path = tmp_path / "image.sterna"
    image.save(path)
    MemoryImage.load(path)
    with monkeypatch.context() as other:
        other.setattr(sterna.machine.container, "FORMAT_VERSION", 1 + step)
        image.save(path)
    with pytest.raises(InputError, match="again: sterna build, or sterna rtl") as caught:
        MemoryImage.load(path)
    assert f"image format {1 + step}, this version reads 1" in str(caught.value)


@pytest.mark.parametrize("step", [-1, 1])
def test_snapshots(tmp_path, monkeypatch, step):
    snapshot = Snapshot(model="m", program="p", state=State(3, {}))
    path = tmp_path / "text.snapshot"
    snapshot.save(path)
    assert Snapshot.load(path).state.position == 3
    path.unlink()
    with monkeypatch.context() as other:
        other.setattr(sterna.machine.snapshot, "VERSION", 1 + step)
        snapshot.save(path)
    with pytest.raises(InputError, match="again: sterna run --save") as caught:
        Snapshot.load(path)
    assert f"version {1 + step}, this Sterna reads 1" in str(caught.value)


@pytest.mark.parametrize("wrong", [0, 3, None])
def test_machines(wrong):
    """Of which the version before is read."""
    values = PRESETS["tiny"].to_dict()
    assert values["version"] in (1, 2) and Machine.from_dict(values) == PRESETS["tiny"]
    with pytest.raises(InputError, match="reads 1 and 2: make it again with sterna rtl"):
        Machine.from_dict({**values, "version": wrong})


def test_conversations(tmp_path: Path):
    path = tmp_path / "chat.json"
    sterna.chat.file.save_conversation(path, "m", [Message(USER, "x")])
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "version": 2}))
    with pytest.raises(InputError, match="of version 2, and this Sterna reads 1; save it again"):
        sterna.chat.file.load_conversation(path)
