from __future__ import annotations

import os
import resource
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file
from sterna.errors import InputError
from sterna.formats.tensor_file import TensorFile, TensorFileWriter, is_bfloat16

LAYOUT = {
    "table": ("float16", (2, 3)),
    "scale": ("float32", ()),
    "bytes": ("uint8", (5,)),
    "brain": ("bfloat16", (3,)),
}
TENSORS = {
    "table": np.arange(6, dtype=np.float16).reshape(3, 2).T,
    "scale": np.array(0.5, np.float32),
    "bytes": np.arange(5, dtype=np.uint8),
    "brain": np.array([1.0, -2.5, 3.0], np.float32),
}


def write(path: Path) -> None:
    with TensorFileWriter(path, LAYOUT, {"format": "test"}) as writer:
        for key, tensor in TENSORS.items():
            writer.write(key, tensor)
        writer.close()


def test_the_library_reads_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(path)
    restored = load_file(path)
    assert restored.keys() == TENSORS.keys()
    for key, tensor in TENSORS.items():
        assert str(restored[key].dtype) == f"torch.{LAYOUT[key][0]}"
        np.testing.assert_array_equal(restored[key].float(), tensor)
        ours = TensorFile(path).tensor(key)
        assert ours.dtype == tensor.dtype
        np.testing.assert_array_equal(ours, tensor)
    assert TensorFile(path).metadata == {"format": "test"}


def test_values_of_bfloat16_are_told_from_others() -> None:
    values = np.array([1.0, -2.5, 1e30], np.float32)
    values.view(np.uint32)[2] &= 0xFFFF0000
    assert is_bfloat16(values)
    assert not is_bfloat16(values + np.array([0, 0, 1e25], np.float32))
    assert not is_bfloat16(np.ones(3, np.float16))


def test_only_the_announced_tensors_are_written(tmp_path: Path) -> None:
    writer = TensorFileWriter(tmp_path / "file", LAYOUT, {})
    with pytest.raises(ValueError, match="announces"):
        writer.write("table", TENSORS["table"].T)
    with pytest.raises(ValueError, match="not written"):
        writer.close()


@pytest.mark.parametrize("length", [0, 4, 60, -1])
def test_truncated_file(tmp_path: Path, length: int) -> None:
    path = tmp_path / "file"
    write(path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(InputError, match="damaged") as caught:
        TensorFile(path)
    assert "\n" not in str(caught.value)


def test_more_than_may_be_mapped(tmp_path: Path) -> None:
    """safetensors (0.8) raises `MemoryError` for it."""
    path = tmp_path / "model.safetensors"
    path.touch()
    os.truncate(path, 1 << 36)
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (1 << 35, before[1]))
    try:
        with pytest.raises(InputError, match="model.safetensors: is damaged or not a safetensors"):
            TensorFile(path)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_requirements_name_the_tensor(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(path)
    file = TensorFile(path)
    file.require("table", (2, 3), ("F16",))
    with pytest.raises(InputError, match="tensor absent is missing"):
        file.require("absent", (), ("F32",))
    with pytest.raises(InputError, match=r"tensor table has shape \(2, 3\)"):
        file.require("table", (3, 2), ("F16",))
    with pytest.raises(InputError, match="tensor table has type F16"):
        file.require("table", (2, 3), ("F32",))
    with pytest.raises(InputError, match="file not found"):
        TensorFile(tmp_path / "absent")
