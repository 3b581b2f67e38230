"""Files of tensors of PyTorch: read without running anything, and what is wrong is named."""

from __future__ import annotations

import argparse
import collections
import io
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sterna.errors import InputError
from sterna.formats.pth import PthFile


def values(seed: int = 0) -> dict[str, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    whole = torch.randn(6, 5, generator=draw)
    return {"a": whole, "half": whole.half(), "b": whole.bfloat16(), "part": whole[2:4],
            "row": whole[1], "one": torch.tensor(3.0), "none": torch.zeros(0, 4)}


@pytest.mark.parametrize("save", [
    lambda tensors, path: torch.save(tensors, path),
    lambda tensors, path: torch.save(collections.OrderedDict(tensors), path),
    lambda tensors, path: torch.save(tensors, path, pickle_protocol=4),
    lambda tensors, path: torch.save(
        {name: torch.nn.Parameter(tensor) for name, tensor in tensors.items()}, path),
], ids=["dictionary", "ordered", "another protocol", "parameters"])
def test_tensors_are_those_saved(tmp_path: Path, save: Callable[..., None]) -> None:
    path, tensors = tmp_path / "m.pth", values()
    save(tensors, path)
    file = PthFile(path)
    assert file.others == [] and file.shapes == {
        name: tuple(tensor.shape) for name, tensor in tensors.items()}
    for name, tensor in tensors.items():
        assert np.array_equal(file.tensor(name), tensor.float().numpy()), name
    assert file.tensor("half").dtype == np.float16


def test_a_state_dict_of_a_module(tmp_path: Path) -> None:
    module = torch.nn.Linear(3, 2)
    torch.save(module.state_dict(), tmp_path / "m.pth")
    assert PthFile(tmp_path / "m.pth").shapes == {"weight": (2, 3), "bias": (2,)}


def test_what_training_saves_beside_the_tensors_is_not_looked_at(tmp_path: Path) -> None:
    """Arguments of its command, and an optimizer's numbered state."""
    module = torch.nn.BatchNorm1d(2)
    torch.save({"args": argparse.Namespace(lr=1e-3, path="x", sizes=[1, 2]), "epoch": 7,
                "optimizer": {"state": {0: {"step": torch.tensor(3)}, 1: {}}},
                "model": module.state_dict()}, tmp_path / "m.pth")
    file = PthFile(tmp_path / "m.pth", ("model", "state_dict"), ("num_batches_tracked",))
    assert set(file.shapes) == {"weight", "bias", "running_mean", "running_var"}
    assert file.others == []
    with pytest.raises(InputError, match=r"tensors of int64; .*\(num_batches_tracked\)"):
        PthFile(tmp_path / "m.pth", ("model",))
    assert PthFile(tmp_path / "m.pth").others == ["args", "epoch", "model", "optimizer"]


def test_what_is_no_tensor_is_named(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1), "_version": 0.7, "_strategy": "cpu"}, tmp_path / "m.pth")
    assert PthFile(tmp_path / "m.pth").others == ["_strategy", "_version"]


class _Calls:
    """Something harmless that a pickle may name."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._call = (function, arguments)

    def __reduce__(self) -> Any:
        return self._call


def archive(path: Path, pickled: bytes, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("m/data.pkl", pickled)
        for name, data in files.items():
            file.writestr(f"m/data/{name}", data)
    return path


@pytest.mark.parametrize("value, name", [
    (_Calls(os.getcwd), "posix.getcwd|nt.getcwd"), (_Calls(print, "ran"), "print"),
    (_Calls(torch.load, "x"), "torch.serialization.load"), (np.zeros(2), "numpy"),
    (collections.Counter(), "Counter"),
])
def test_other_names_are_refused_and_nothing_runs(
        tmp_path: Path, capsys: pytest.CaptureFixture[str], value: Any, name: str) -> None:
    path = archive(tmp_path / "m.pth", pickle.dumps({"a": value}, 2))
    with pytest.raises(InputError, match=f"m.pth: its pickle names .*({name}).* not on the list"):
        PthFile(path)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("elements", ["float64", "int64", "bool", "complex64"])
def test_tensors_of_other_elements_are_named(tmp_path: Path, elements: str) -> None:
    path = tmp_path / "m.pth"
    torch.save({"a": torch.zeros(2, dtype=getattr(torch, elements))}, path)
    with pytest.raises(InputError, match=f"m.pth: holds tensors of {elements}; weights are float"):
        PthFile(path)


@pytest.mark.parametrize("data, message", [
    (b"\x80\x02}.", None), (b"", "no data.pkl"), (b"\x80\x02}", "damaged|does not end"),
    (b"\x80\x02K\x01.", "no tensors by their names"),
    (b"\x80\x02}K\x01K\x02s.", "no tensors by their names"), (b"\x80\x02}}K\x02s.", "damaged"),
    (b"\x80\x02h\x07.", "damaged"), (b"\x80\x02(((", "damaged|end"), (b"\x80\x02s.", "damaged"),
    (b"\x80\x02}r\xff\xff\xff\xff.", None), (b"\x80\x02\x8d" + b"\xff" * 8 + b"x.", "damaged"),
    (b"\x80\x04\x96" + struct.pack("<Q", 2) + b"ab.", "instruction BYTEARRAY8"),
    (b"\x80\x02)\x81.", "damaged"),
    (b"\x80\x02))\x81.", "an object of what is no class"),
    (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "makes a collections.OrderedDict, which"),
    (b"\x80\x02cargparse\nNamespace\n)R.", "calls argparse.Namespace, which"),
    (b"\x80\x02cos\nsystem\n(S'x'\ntR.", "os.system"),
    (b"\x80\x02)" + b"".join(b"q%ch%ch%c\x86" % (i, i, i) for i in range(64)) + b")R.",
     "a call of what is no function"),  # its text would have 2**64 parts
    (b"\x80\x02)" + b"\x85" * 100_000 + b")R.", "a call of what is no function"),
    (b"\x80\x02](" + b"]" * (1 << 20) + b"e.", "more than 1048576 instructions"),
    (b"\x80\x02X" + struct.pack("<I", 1 << 22) + bytes(1 << 22) + b".", "of 1 to 4194304 bytes"),
])
def test_pickles_that_are_not_of_tensors(tmp_path: Path, data: bytes, message: str | None) -> None:
    """Damaged ones, and instructions that are not needed; a large number of a place is no memory.
    """
    path = archive(tmp_path / "m.pth", data)
    if message is None:
        assert PthFile(path).shapes == {}
        return
    with pytest.raises(InputError, match=message) as refused:
        PthFile(path)
    assert "\n" not in str(refused.value)


def changed(path: Path, tmp_path: Path, change: Callable[[zipfile.ZipInfo, bytes], Any]) -> Path:
    """The archive written anew, file by file."""
    target = tmp_path / "changed.pth"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            name, data, method = change(entry, old.read(entry))
            new.writestr(name, data, method)
    return target


@pytest.mark.parametrize("change, message", [
    (lambda entry, data: ("../" + entry.filename, data, 0), "which leaves its folder"),
    (lambda entry, data: ("/" + entry.filename, data, 0), "which leaves its folder"),
    (lambda entry, data: ("m/./" + entry.filename, data, 0), "which leaves its folder"),
    (lambda entry, data: (entry.filename, data, zipfile.ZIP_DEFLATED), "compressed or encrypted"),
    (lambda entry, data: (entry.filename.replace("data/0", "data/x"), data, 0), "is not there"),
    (lambda entry, data: (entry.filename, data[:-2] if "data/0" in entry.filename else data, 0),
     "is said to be part of 30 elements, and 118 bytes are there"),
    (lambda entry, data: (entry.filename, data.replace(b"little", b"big"), 0), "other byte order"),
])
def test_archives_that_are_wrong(tmp_path: Path, change: Any, message: str) -> None:
    torch.save({"a": torch.zeros(6, 5)}, tmp_path / "m.pth")
    with pytest.raises(InputError, match=message):
        PthFile(changed(tmp_path / "m.pth", tmp_path, change))


def test_sizes_beyond_the_file(tmp_path: Path) -> None:
    """Declared in the list of contents, and by a tensor beyond its storage."""
    path = tmp_path / "m.pth"
    torch.save({"a": torch.zeros(6, 5)}, path)
    data = bytearray(path.read_bytes())
    listed = data.rindex(b"PK\x01\x02", 0, data.rindex(b"data/0"))
    struct.pack_into("<II", data, listed + 20, 1 << 30, 1 << 30)
    (tmp_path / "listed.pth").write_bytes(data)
    with pytest.raises(InputError, match="is said to have 1073741824 bytes, more than the file"):
        PthFile(tmp_path / "listed.pth")
    longer = changed(path, tmp_path, lambda entry, data: (
        entry.filename, data.replace(b"K\x06K\x05", b"K\x07K\x05"), 0))
    with pytest.raises(InputError, match="said to have 35 elements from 0 on, and 30 are there"):
        PthFile(longer)


def test_tensors_that_do_not_lie_row_by_row(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(6, 5).T}, tmp_path / "m.pth")
    with pytest.raises(InputError, match="tensor a does not lie row by row"):
        PthFile(tmp_path / "m.pth")


def test_files_that_are_something_else(tmp_path: Path) -> None:
    path = tmp_path / "m.pth"
    torch.save({"a": torch.zeros(2)}, path, _use_new_zipfile_serialization=False)
    with pytest.raises(InputError, match="is of a PyTorch before 1.6"):
        PthFile(path)
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match="is no file of tensors"):
        PthFile(path)
    with pytest.raises(InputError, match="file not found"):
        PthFile(tmp_path / "none.pth")
    buffer = io.BytesIO()
    torch.save({"a": torch.zeros(300)}, buffer)
    path.write_bytes(buffer.getvalue()[:-200])
    with pytest.raises(InputError, match="is damaged or cut off"):
        PthFile(path)


@pytest.mark.parametrize("step", [7])
def test_a_changed_byte_anywhere_is_a_line_or_other_numbers(tmp_path: Path, step: int) -> None:
    buffer = io.BytesIO()
    torch.save({"a": torch.zeros(6, 5), "b": torch.ones(4).half()}, buffer)
    good = buffer.getvalue()
    path = tmp_path / "m.pth"
    for place in range(0, len(good), step):
        data = bytearray(good)
        data[place] ^= 0x41
        path.write_bytes(data)
        try:
            file = PthFile(path)
            for name in file.shapes:
                file.tensor(name)
        except InputError as error:
            assert "\n" not in str(error)
