"""A changed byte anywhere in a stored model is refused in one line, and so is a wrong value."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from sterna.cli import application
from sterna.errors import InputError
from sterna.families.matmul_free.store import load_model
from sterna.families.registry import shipped_models
from sterna.families.rwkv.store import load_model as load_rwkv
from sterna.families.rwkv4.version import RWKV4
from sterna.families.spikformer_v2.names import DIGITS
from sterna.families.spikformer_v2.version import SPIKFORMER_V2
from sterna.families.spiking import examples
from sterna.families.spiking.examples import EXAMPLES, TRAINED
from sterna.families.spiking.quantise import quantise
from sterna.families.spiking.store import FORMAT, load_network, save_network
from sterna.families.spiking_transformer.store import load as load_transformer
from sterna.files.manifest import MANIFEST, write_manifest


@dataclass(frozen=True)
class Stored:
    """A folder and what reads it."""

    folder: Path
    load: Callable[[Path], object]


def load_trained(folder: Path) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examples, "TRAINED", folder / TRAINED.name)
        return examples.l2mu()


@pytest.fixture(scope="module", params=["demo-tiny", "rwkv4-tiny", DIGITS, "spiking", "l2mu"])
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Stored:
    """Copies of what is shipped, and a network as `import` writes one."""
    folder = tmp_path_factory.mktemp(request.param) / "model"
    if request.param == "spiking":
        save_network(quantise(EXAMPLES["cubalif"]()), folder)
        return Stored(folder, load_network)
    if request.param == "l2mu":
        shutil.copytree(TRAINED.parent, folder)
        return Stored(folder, load_trained)
    shipped = {model.name: model.folder for model in shipped_models()}[request.param]
    assert shipped is not None
    shutil.copytree(shipped, folder, ignore=lambda *_: ["README.md"])
    if request.param == "rwkv4-tiny":
        return Stored(folder, partial(load_rwkv, version=RWKV4))
    if request.param == DIGITS:
        return Stored(folder, partial(load_transformer, SPIKFORMER_V2))
    return Stored(folder, load_model)


def tensor_places(data: bytes) -> list[int]:
    """First, middle and last byte of every tensor, and some of the header."""
    (length,) = struct.unpack_from("<Q", data)
    start = 8 + length
    header: dict[str, Any] = json.loads(data[8:start])
    spans = [item["data_offsets"] for key, item in header.items() if key != "__metadata__"]
    inside = [start + place for low, high in spans if high > low
              for place in (low, (low + high) // 2, high - 1)]
    return [*range(0, start, 97), start - 1, *inside]


def places(path: Path) -> list[int]:
    """Every byte of a manifest, of other files enough to meet every part."""
    data = path.read_bytes()
    if path.suffix == ".safetensors":
        return tensor_places(data)
    return list(range(0, len(data), 1 if path.name == MANIFEST else max(1, len(data) // 60)))


@pytest.mark.parametrize("mask", [1, 0x80])
def test_a_changed_byte_anywhere(stored: Stored, mask: int) -> None:
    stored.load(stored.folder)
    tried = 0
    for path in sorted(stored.folder.iterdir()):
        good = path.read_bytes()
        for place in places(path):
            path.write_bytes(good[:place] + bytes([good[place] ^ mask]) + good[place + 1:])
            with pytest.raises(InputError) as caught:
                stored.load(stored.folder)
            assert str(caught.value).startswith(str(stored.folder)), (path, place)
            assert "\n" not in str(caught.value)
            tried += 1
        for wrong in (good[:-1], good + b"\0", b""):
            path.write_bytes(wrong)
            with pytest.raises(InputError):
                stored.load(stored.folder)
        path.write_bytes(good)
    stored.load(stored.folder)
    assert tried > 300


def test_every_shipped_model_has_a_manifest_of_all_its_files() -> None:
    """Their README.md is for people."""
    shipped = [model.folder for model in shipped_models() if model.folder is not None]
    for folder in (*TRAINED.parent.parent.iterdir(), *shipped):
        listed = json.loads((folder / MANIFEST).read_text())["files"]
        assert listed.keys() == {path.name for path in folder.iterdir()} - {MANIFEST, "README.md"}


def test_the_commands_say_so_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_network(quantise(EXAMPLES["cubalif"]()), tmp_path / "net")
    path = tmp_path / "net" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"M")
    for command in ("run", "verify", "bench", "rtl", "estimate", "eval"):
        options = {"rtl": ["-o", str(tmp_path / "rtl")], "estimate": ["--board", "icebreaker"]}
        arguments = [command, str(tmp_path / "net"), *options.get(command, [])]
        assert application.run_arguments(arguments) == 2
        captured = capsys.readouterr()
        assert captured.out == "" and captured.err.count("\n") == 1
        assert f"{path}: is damaged" in captured.err


def set_tensor(key: str, value: object) -> Callable[[dict, dict], None]:
    def change(config: dict, tensors: dict) -> None:
        tensors[key] = np.asarray(value)

    return change


def set_place(key: str, place: tuple[int, ...], value: int) -> Callable[[dict, dict], None]:
    def change(config: dict, tensors: dict) -> None:
        tensors[key][place] = value

    return change


def set_config(*path: str | int, value: object) -> Callable[[dict, dict], None]:
    def change(config: dict, tensors: dict) -> None:
        item: Any = config
        for key in path[:-1]:
            item = item[key]
        item[path[-1]] = value

    return change


@pytest.mark.parametrize(("change", "message"), [
    (set_place("connection.0.planes", (0, 0, 0), 77), "planes must be of -1, 0 and 1"),
    (set_place("connection.2.planes", (-1, -1, -1), -2), "planes must be of -1, 0 and 1"),
    (set_tensor("connection.0.planes", np.zeros((5, 38, 12), np.uint8)), "weights are uint8"),
    (set_tensor("connection.0.planes", np.zeros((25, 38, 12), np.int8)), "of 1 to 24 planes"),
    (set_tensor("connection.0.planes", np.zeros((0, 38, 12), np.int8)), "of 1 to 24 planes"),
    (set_tensor("connection.0.planes", np.zeros((38, 12), np.int8)), "must be int8"),
    (set_tensor("connection.0.planes", np.zeros((5, 38, 11), np.int8)), r"weights \(38, 11\), not"),
    (set_place("population.hidden.gain", (3,), 1 << 17), "gain has magnitude 131072"),
    (set_place("population.out.threshold", (0,), -1 << 63), "threshold has magnitude"),
    (set_tensor("population.out.factor", np.zeros(3)), "factor is float64"),
    (set_tensor("population.out.leak", np.zeros(3, np.int64)), r"leak has shape \[3\]"),
    (lambda config, tensors: tensors.pop("population.out.bias"), "population.out.bias' is missing"),
    (lambda config, tensors: tensors.pop("connection.1.planes"), "connection.1.planes' is missing"),
    (set_tensor("connection.9.planes", np.zeros(1)), "connection.9.planes is not part"),
    (set_config("inputs", value=0), "inputs is 0; it must be a whole number, 1 or more"),
    (set_config("inputs", value=True), "inputs is True"),
    (set_config("input_fraction", value=99), "input_fraction is 99; .*-8 to 16"),
    (set_config("populations", 0, "neurons", value=38.0), "neurons of hidden is 38.0"),
    (set_config("populations", 0, "definition", "sum_bits", value=24.5), "sum_bits is 24.5"),
    (set_config("populations", 0, "definition", "strict", value=1), "strict is 1; .*true or false"),
    (set_config("populations", 0, "definition", "sum_bits", value=40), "sum_bits is 40"),
    (set_config("populations", 0, "definition", "sum_bits", value=8), "more than 8 bits hold"),
    (set_config("populations", 0, "definition", "reset", value="late"), "reset is 'late'"),
    (set_config("connections", 0, "source", value="nowhere"), "no such population"),
    (set_config("connections", 1, "previous", value=False), "goes backwards"),
    (set_config("connections", value=7), "missing or wrong"),
])
def test_values_outside_their_ranges(
    tmp_path: Path, change: Callable[[dict, dict], None], message: str
) -> None:
    """In a folder whose digests are right."""
    folder = tmp_path / "net"
    save_network(quantise(EXAMPLES["cubalif"]()), folder)
    config = json.loads((folder / "config.json").read_text())
    tensors = load_file(folder / "model.safetensors")
    change(config, tensors)
    (folder / "config.json").write_text(json.dumps(config))
    save_file(tensors, folder / "model.safetensors")
    write_manifest(folder, FORMAT)
    with pytest.raises(InputError, match=message) as caught:
        load_network(folder)
    assert str(caught.value).startswith(str(folder)) and "\n" not in str(caught.value)
