"""Every option that takes a word or a name, with one that nothing can have."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from sterna.cli.commands import COMMANDS
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.random_checkpoint import write_random_checkpoint
from sterna.families.registry import options_of
from sterna.options import declared

BASE = {"run": ["demo-tiny", "--device", "emulator", "--max-tokens", "1"],
        "verify": ["demo-tiny", "--device", "emulator", "--tokens", "1"], "bench": ["demo-tiny"],
        "eval": ["demo-tiny", "--ids", "ids.npy"], "program": ["demo-tiny", "--machine"],
        "simulate": ["demo-tiny"], "estimate": ["demo-tiny", "--board", "ulx3s-85f"],
        "rtl": ["demo-tiny", "-o", "out"], "build": ["demo-tiny", "--board", "ulx3s-85f"],
        "sweep": ["demo-tiny", "--board", "ulx3s-85f", "--trials", "1", "--workers", "1"],
        "report": ["demo-tiny", "--board", "ulx3s-85f", "-o", "out"],
        "import": ["net.py:make", "-o", "out"], "chat": ["demo-tiny", "--device", "emulator"],
        "serve": ["demo-tiny", "--device", "emulator", "--port", "0"]}
"""What each command needs besides."""
ANY_TEXT = {("chat", "--system"), ("serve", "--api-key")}
"""What takes every text."""
WORDS = sorted({(request.command, item.flag) for request, _ in COMMANDS
                for item in (*declared(request), *options_of(request.command))
                if {str, Path} & {item.type, *get_args(item.type)}
                and not item.declaration.position} - {("import", "--output"), *ANY_TEXT})


@pytest.mark.parametrize("name", ["x" * 300, "ids.npy/below"], ids=["long", "below"])
@pytest.mark.parametrize(("command", "flag"), WORDS)
def test_names(sterna, tmp_path, monkeypatch, command: str, flag: str, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("ids.npy", np.ones((1, 3), np.int64))
    words = [word for word in BASE[command]]
    for other in (flag, "-o" if flag == "--output" else flag):
        if other in words:
            del words[words.index(other):words.index(other) + 2]
    found = sterna(command, *words, flag, name)
    assert found.code == 2 and found.output == "" and found.errors.count("\n") == 1
    assert name[:40] in found.errors or flag in found.errors
    assert [path.name for path in tmp_path.iterdir()] == ["ids.npy"]


@pytest.mark.parametrize("name", ["x" * 300, "c/config.json/below"], ids=["long", "below"])
def test_where_a_checkpoint_goes(sterna, tmp_path, monkeypatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    write_random_checkpoint("c", ModelConfig(
        vocab_size=260, hidden_size=16, num_hidden_layers=1, intermediate_size=16))
    found = sterna("import", "c", "-o", name)
    assert found.code == 2 and found.errors.count("\n") == 1
    assert found.errors.startswith(f"sterna: {name}: cannot be written (")
