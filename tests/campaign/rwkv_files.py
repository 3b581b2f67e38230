"""Files of an RWKV-4: archives, pickles and tensors with anything changed, vocabularies beside."""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.campaign.checkpoints import VALUES
from tests.campaign.trial import OUTPUT, Trial, Wanted

IMPORTS = ("sterna.families.rwkv.import_checkpoint", "tests.sw.families.rwkv4.test_checkpoint",
           "sterna.families.rwkv4.lowering", "sterna.families.tokens.run")
_FIELDS = ("model_type", "vocab_size", "hidden_size", "num_hidden_layers", "eos_token_id",
           "bos_token_id", "intermediate_size", "attention_hidden_size", "layer_norm_epsilon",
           "tie_word_embeddings", "rescale_every")
_OPCODES = b"()NKMJGX}]euhqrst.lao0125abcdiRQBC\x80\x81\x85\x86\x87\x88\x89\x8a\x8b\x8c\x93\x94\x95"
_LINES = (b"9 'new' 3", b"0 'x' 1", b"1 'x' 1 1", b"99999999 'x' 1", b"300 '' 0", b"300 'x'",
          b"300 b'\\xff\\xfe' 2", b"300 '\\q' 2", b"300 'a', 'b' 2", b"300 '\\ud800' 3", b"\xff",
          b"300 'a'*9 9", b"300 f'{1}' 1", b"", b"\0", b"300 '" + b"x" * 99999 + b"' 99999",
          b"300 ''.join('x') 1", b"300 'x' 99999", b"300 ''' ''' 1", b"\xef\xbb\xbf300 'x' 1")


@cache
def _good() -> dict[str, Path]:
    """Each a folder with a checkpoint that imports, and its name in it."""
    from tests.sw.families.rwkv4 import test_checkpoint as made

    found = {}
    for write in (made.as_pth, made.as_safetensors, made.as_transformers,
                  made.as_transformers_pickled):
        folder = Path(tempfile.mkdtemp(prefix="campaign-rwkv"))
        path = write(folder)
        if path == folder:
            (folder / "tokenizer.json").unlink(missing_ok=True)
        else:
            words = [f"{byte + 1} {bytes([byte])!r} 1" for byte in range(256)]
            (folder / "rwkv_vocab_v1.txt").write_text("\n".join(words))
        found[write.__name__] = folder
    return found


def trials(draw: random.Random) -> Iterator[Trial]:
    """No files first, each field with each value; then damage, without end."""
    every = [*_no_files(), *_fields()]
    draw.shuffle(every)
    yield from every
    while True:
        yield draw.choice((_bytes, _bytes, _pickle, _pickle, _entries, _words))(draw.random())


def _trial(name: str, form: str, change: Callable[[Path], object],
           wanted: Wanted = Wanted.EITHER) -> Trial:
    def prepare(folder: Path) -> list[str]:
        shutil.copytree(_good()[form], folder / "c")
        change(folder / "c")
        source = {"as_pth": "c/model.pth", "as_safetensors": "c/model.safetensors"}.get(form, "c")
        return ["import", source, "-o", OUTPUT, "--no-calibrate"]

    return Trial(f"{form}: {name}", prepare, wanted, seconds=5)


def _no_files() -> Iterator[Trial]:
    forms: dict[str, Callable[[Path], object]] = {
        "a pipe": os.mkfifo, "a folder": Path.mkdir,
        "zeros": lambda path: path.symlink_to("/dev/zero"),
        "a link to itself": lambda path: path.symlink_to(path),
        "gigabytes of holes": lambda path: (path.touch(), os.truncate(path, 1 << 36)),
        "nothing": lambda path: path.touch(), "NUL": lambda path: path.write_bytes(b"\0" * 99),
        "the end of an archive": lambda path: path.write_bytes(b"PK\5\6" + b"\0" * 18),
        "the beginning of an archive": lambda path: path.write_bytes(b"PK\3\4" + b"\0" * 99),
        "a header that is long": lambda path: path.write_bytes(struct.pack("<Q", 1 << 40) + b"{")}
    for form, names in (("as_pth", ("model.pth", "rwkv_vocab_v1.txt", "20B_tokenizer.json")),
                        ("as_safetensors", ("model.safetensors",)),
                        ("as_transformers", ("model.safetensors", "config.json", "tokenizer.json")),
                        ("as_transformers_pickled", ("pytorch_model.bin",))):
        for name in names:
            for what, make in forms.items():
                def put(folder: Path, name: str = name, make: Callable = make) -> None:
                    (folder / name).unlink(missing_ok=True)
                    make(folder / name)

                yield _trial(f"{name} is {what}", form, put, Wanted.REFUSED)


def _fields() -> Iterator[Trial]:
    for field in _FIELDS:
        for value in VALUES:
            def put(folder: Path, field: str = field, value: Any = value) -> None:
                path = folder / "config.json"
                path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))

            yield _trial(f"{field} is {value!r:.40}", "as_transformers", put)


def _damaged(data: bytes, choose: random.Random, values: bytes | range = range(256)) -> bytes:
    changed = bytearray(data)
    if choose.random() < 0.2:
        del changed[choose.randrange(len(changed)):]
    for _ in range(choose.randrange(1, 5) if changed else 0):
        place = choose.randrange(len(changed))
        if choose.random() < 0.3:
            changed[place:place] = bytes([choose.choice(values)]) * choose.choice((1, 1, 2, 99))
        else:
            changed[place] = choose.choice(values)
    return bytes(changed)


def _bytes(seed: float) -> Trial:
    """Where a file says what is in it: the beginning and the end."""
    choose = random.Random(seed)
    form = choose.choice(sorted(_good()))

    def change(folder: Path) -> None:
        path = choose.choice(sorted(folder.iterdir()))
        data, edge = path.read_bytes(), choose.choice((200, 2000, 1 << 40))
        if choose.random() < 0.5:
            path.write_bytes(_damaged(data[:edge], choose) + data[edge:])
        else:
            path.write_bytes(data[:-edge] + _damaged(data[-edge:], choose))

    return _trial(f"damaged bytes {seed}", form, change)


def _written_anew(path: Path, change: Callable[[str, bytes], tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(path) as old:
        parts = [change(entry.filename, old.read(entry)) for entry in old.infolist()]
    with zipfile.ZipFile(path, "w") as new:
        for name, data in parts:
            if name not in new.NameToInfo:
                new.writestr(name, data)


def _pickle(seed: float) -> Trial:
    def change(folder: Path) -> None:
        choose = random.Random(seed)
        values = choose.choice((_OPCODES, _OPCODES, range(256)))
        _written_anew(folder / "model.pth", lambda name, data: (
            name, _damaged(data, choose, values) if name.endswith("data.pkl") else data))

    return _trial(f"damaged pickle {seed}", "as_pth", change)


def _entries(seed: float) -> Trial:
    def change(folder: Path) -> None:
        choose = random.Random(seed)

        def anew(name: str, data: bytes) -> tuple[str, bytes]:
            if choose.random() < 0.02:
                name = choose.choice(("", "x", "/", "../x", "m/\0", "m//x", "m/data/é", "m\\x",
                                      "m/" + "x" * 9999, name.upper(), name + "/"))
            if choose.random() < 0.02:
                data = data[:choose.randrange(len(data) + 1)] + b"x" * choose.randrange(3)
            return name, data

        _written_anew(folder / "model.pth", anew)

    return _trial(f"other entries {seed}", "as_pth", change)


def _words(seed: float) -> Trial:
    def change(folder: Path) -> None:
        choose = random.Random(seed)
        path = folder / "rwkv_vocab_v1.txt"
        lines = path.read_bytes().split(b"\n")
        for _ in range(choose.randrange(1, 3)):
            lines[choose.randrange(len(lines))] = choose.choice(_LINES)
        path.write_bytes(choose.choice((b"\n", b"\r\n", b"\r")).join(lines))

    return _trial(f"other words {seed}", "as_pth", change)
