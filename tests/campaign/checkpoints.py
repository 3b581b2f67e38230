"""Folders of checkpoints: each file as no file and as other text, each field of wrong kinds."""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.campaign.trial import OUTPUT, Trial, Wanted

IMPORTS = ("sterna.families.matmul_free.import_checkpoint", "sterna.families.tokens.run")
"""What the commands import, once before the trials fork."""
FILES = ("config.json", "model.safetensors", "tokenizer.json", "generation_config.json",
         "tokenizer_config.json", "model.safetensors.index.json", "manifest.json")
VALUES: tuple[Any, ...] = (None, True, False, -1, 0, 1, 2, 3, 10**9, 10**30, 1 << 63, 1.5, 1e308,
                           float("nan"), float("inf"), "", "x", "x" * 9999, [], [1], [[]], {},
                           {"a": 1}, [None], "\ud800", "\0")
_FIELDS = {
    "config.json": (
        "vocab_size", "hidden_size", "num_hidden_layers", "hidden_ratio", "intermediate_size",
        "rms_norm_eps", "bos_token_id", "eos_token_id", "pad_token_id", "use_lower_bound",
        "num_heads", "expand_ratio", "use_short_conv", "attn_mode", "hidden_act", "model_type",
        "max_position_embeddings", "tie_word_embeddings", "channel_mixer", "use_moe",
        "quantization_config", "num_experts", "architectures"),
    "generation_config.json": ("eos_token_id", "bos_token_id", "do_sample", "temperature", "top_k",
                               "top_p", "repetition_penalty", "max_length"),
    "tokenizer_config.json": ("add_bos_token", "bos_token", "eos_token", "tokenizer_class"),
}
_POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
_TEXTS = {
    "deep lists": "[" * 200_000, "deep objects": '{"a":' * 100_000, "nothing": "", "null": "null",
    "a list": "[]", "NUL": "\0" * 99, "a pointer": _POINTER, "digits": '{"a": 1' + "0" * 5000 + "}",
    "not a number": "NaN", "cut": '{"a": ', "a byte order mark": "\ufeff{}", "HTML": "<!DOCTYPE>",
    "a wide list": "[" + "[]," * 1_000_000 + "[]]",
}
_NO_FILES: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo, "a folder": Path.mkdir, "zeros": lambda path: path.symlink_to("/dev/zero"),
    "noise": lambda path: path.symlink_to("/dev/urandom"),
    "a terminal": lambda path: path.symlink_to("/dev/tty"),
    "a link to itself": lambda path: path.symlink_to(path),
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "gigabytes of holes": lambda path: os.truncate(_touched(path), 1 << 36),
}


def _touched(path: Path) -> Path:
    path.touch()
    return path


@cache
def _good() -> Path:
    """A checkpoint that imports."""
    from sterna.families.matmul_free.configuration import ModelConfig
    from sterna.families.matmul_free.random_checkpoint import write_random_checkpoint

    folder = Path(tempfile.mkdtemp(prefix="campaign-checkpoint"))
    write_random_checkpoint(folder, ModelConfig(vocab_size=260, hidden_size=16, num_hidden_layers=2,
                                                intermediate_size=24))
    return folder


def trials(draw: random.Random) -> Iterator[Trial]:
    """First every form once, in any order; then damaged bytes and JSON, without end."""
    every = [*_no_files(), *_fields(), *_names()]
    draw.shuffle(every)
    yield from every
    while True:
        yield draw.choice((_damaged_bytes, _damaged_json))(draw.random())


def _trial(name: str, change: Callable[[Path], object], wanted: Wanted = Wanted.EITHER) -> Trial:
    def prepare(folder: Path) -> list[str]:
        shutil.copytree(_good(), folder / "c")
        change(folder / "c")
        return ["import", "c", "-o", OUTPUT, "--no-calibrate"]

    return Trial(name, prepare, wanted, ("c",) if wanted is Wanted.REFUSED else (), seconds=5)


def _no_files() -> Iterator[Trial]:
    for name in FILES:
        free = name in ("model.safetensors.index.json", "manifest.json")
        wanted = Wanted.EITHER if free else Wanted.REFUSED
        for what, make in _NO_FILES.items():
            def put(folder: Path, name: str = name, make: Callable = make) -> None:
                (folder / name).unlink(missing_ok=True)
                make(folder / name)

            yield _trial(f"{name} is {what}", put, wanted)
        for what, text in _TEXTS.items():
            yield _trial(f"{name} is {what}", lambda folder, name=name, text=text: (
                folder / name).write_text(text), wanted)


def _fields() -> Iterator[Trial]:
    for name, fields in _FIELDS.items():
        for field in fields:
            for value in VALUES:
                def put(folder: Path, name: str = name, field: str = field, value: Any = value
                        ) -> None:
                    path = folder / name
                    values = json.loads(path.read_text()) if path.exists() else {}
                    path.write_text(json.dumps({**values, field: value}))

                yield _trial(f"{name}: {field} is {value!r:.40}", put)


def _names() -> Iterator[Trial]:
    for name in ("x" * 300, "a/" * 3000, "", ".", "..", "/", "/dev/null", "/dev/zero", "org/model",
                 "https://host/x", "m.gguf", "m.bin", "\udcff", "-", "~", "*", "c/config.json",
                 "random:", "random:hidden", "random:hidden=", "random:hidden=1_0",
                 "random:hidden=1000000000", "random:layers=1000000000,hidden=32",
                 "random:vocabulary=2000000,hidden=65536", "random:seed=" + "9" * 40, "demo ",
                 "net.py", "net.py:", "net.py:x", "graph.nir"):
        for words in (["run", name, "--max-tokens", "1"], ["import", name, "-o", OUTPUT],
                      ["estimate", name], ["import", "c", "-o", name], ["boards", name],
                      ["run", "demo-tiny", "--config", name, "--device", "emulator"],
                      ["run", "demo-tiny", "--device", name], ["run", "--image", name],
                      ["run", "demo-tiny", "--prompts", name],
                      ["eval", "demo-tiny", "--text", name]):
            yield Trial(f"{' '.join(words)!r:.70}", lambda _, words=words: list(words),
                        Wanted.EITHER, seconds=8)


def _damaged_bytes(seed: float) -> Trial:
    def change(folder: Path) -> None:
        choose = random.Random(seed)
        path = choose.choice(sorted(folder.iterdir()))
        data = bytearray(path.read_bytes())
        if choose.random() < 0.3:
            del data[choose.randrange(len(data)):]
        for _ in range(choose.randrange(1, 6) if data else 0):
            data[choose.randrange(len(data))] = choose.randrange(256)
        path.write_bytes(data)

    return _trial(f"damaged bytes {seed}", change)


def _damaged_json(seed: float) -> Trial:
    def change(folder: Path) -> None:
        choose = random.Random(seed)
        path = choose.choice(sorted(folder.glob("*.json")))
        values = json.loads(path.read_text())
        place: Any = values
        while True:
            key = choose.choice(list(place) if isinstance(place, dict) else range(len(place)))
            if isinstance(place[key], dict | list) and place[key] and choose.random() < 0.7:
                place = place[key]
                continue
            if choose.random() < 0.2:
                del place[key]
            else:
                place[key] = choose.choice(VALUES)
            break
        path.write_text(json.dumps(values))

    return _trial(f"damaged JSON {seed}", change)
