"""Inputs of spiking networks: frames of every kind, events of every form, archives that swell."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tests.campaign.trial import OUTPUT, Trial, Wanted

IMPORTS = ("sterna.families.spiking.model", "sterna.families.steps.run",
           "sterna.families.steps.verify")
"""What the commands import, once before the trials fork."""
INPUTS = 12
"""Of the network `cubalif`."""
_GOOD = "0,1\n1,2\n4,11\n"
_COMMANDS = (["run", "cubalif", "-o", f"{OUTPUT}.npz"],
             ["verify", "cubalif", "--device", "emulator"])

_LINES = {
    "no number": "a,b", "one field": "1", "four fields": "1,2,3,4", "no step": ",3",
    "a real step": "1.5,2", "a negative step": "-1,2", "a negative address": "1,-2",
    "an address too high": f"1,{INPUTS}", "nan": "1,2,nan", "inf": "1,2,inf",
    "minus inf": "1,2,-inf", "underscores": "1_0,2", "other digits": "١,2",
    "a hexadecimal step": "0x1,2", "NUL": "1,\x002",
    "a huge step": f"{10**12},2", "a step of 5000 digits": f"{'9' * 5000},2",
    "a huge value": "1,2,1e400", "a value of 5000 digits": f"1,2,{'9' * 5000}",
    "values that add up beyond": "1,2,1e308\n1,2,1e308", "underscores in a value": "1,2,1_0",
    "a long line": "1,2," + "1" * 3_000_000,
}
_GOOD_LINES = {
    "a comment": "# x", "spaces": " 1  2 ", "an empty line": "", "CRLF": "1,2\r",
    "a value": "1,2,3", "a value with an exponent": "1,2,1e1", "twice the same": "1,2\n1,2",
}
_KINDS = ("complex128", "U3", "S3", "O", "M8[s]", "m8[s]", "V4", "float16", "float32", "longdouble",
          "bool", "int8", "uint64")
_SHAPES = ((), (0,), (5,), (5, INPUTS - 1), (5, INPUTS + 1), (0, INPUTS), (5, 0, INPUTS),
           (5, 1, INPUTS, 1), (INPUTS, 5), (1, 1, 1))


def trials(draw: random.Random) -> Iterator[Trial]:
    """First every form once, in any order; then damaged bytes, without end."""
    every = [*_events(), *_frames(), *_archives()]
    draw.shuffle(every)
    yield from every
    while True:
        yield _damaged(draw)


def _trial(name: str, file: str, write: Callable[[Path], None], wanted: Wanted = Wanted.REFUSED,
           command: int = 0, **limits: int) -> Trial:
    def prepare(folder: Path) -> list[str]:
        write(folder / file)
        return [*_COMMANDS[command], "--input", file]

    return Trial(name, prepare, wanted, () if wanted is Wanted.TAKEN else (file,), **limits)


def _text(text: str) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(text.encode()) and None


def _events() -> Iterator[Trial]:
    for command in range(len(_COMMANDS)):
        for name, line in _LINES.items():
            yield _trial(f"events: {name}", "events.txt", _text(_GOOD + line + "\n"),
                         command=command)
        for name, line in _GOOD_LINES.items():
            yield _trial(f"events: {name}", "events.txt", _text(_GOOD + line + "\n"), Wanted.TAKEN,
                         command)
    for name, data in {"empty": b"", "NUL": b"\0" * 99, "not UTF-8": b"\xff\xfe0,1\n",
                       "only comments": b"# 1\n" * 9}.items():
        yield _trial(f"events: {name}", "events.txt", lambda path, data=data: path.write_bytes(data)
                     and None)
    yield _trial("events: a byte order mark", "events.txt", _text("\ufeff" + _GOOD), Wanted.TAKEN)
    yield _trial("events: a step of millions", "events.txt", _text(f"0,1\n{3 * 10**6},2\n"),
                 Wanted.EITHER)


def _frames() -> Iterator[Trial]:
    for suffix, save in (("npy", np.save), ("npz", np.savez_compressed)):
        for kind in _KINDS:
            wrong = np.dtype(kind).kind not in "biuf"
            yield _trial(f"{suffix} of {kind}", f"frames.{suffix}",
                         lambda path, kind=kind, save=save: save(
                             path, np.ones((5, INPUTS)).astype(kind)),
                         Wanted.REFUSED if wrong else Wanted.TAKEN)
        for shape in _SHAPES:
            yield _trial(f"{suffix} of shape {shape}", f"frames.{suffix}",
                         lambda path, shape=shape, save=save: save(path, np.ones(shape)))
        for value in (np.nan, np.inf, -np.inf, 1e300, -1e300, 5e-324):
            yield _trial(f"{suffix} of {value}", f"frames.{suffix}", lambda path, value=value,
                         save=save: save(path, np.full((5, INPUTS), value)))


def _swelling(path: Path, shape: tuple[int, ...]) -> None:
    """An archive of zeros: a thousandth of what it unpacks to."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("frames.npy", "w", force_zip64=True) as file:
            np.lib.format.write_array_header_1_0(file, {
                "descr": "|u1", "fortran_order": False, "shape": shape})
            zeros, left = bytes(1 << 20), int(np.prod(shape))
            while left > 0:
                file.write(zeros[:left])
                left -= len(zeros)


def _archives() -> Iterator[Trial]:
    def two(path: Path) -> None:
        np.savez(path, a=np.ones((5, INPUTS)), b=np.ones((5, INPUTS)))

    def none(path: Path) -> None:
        zipfile.ZipFile(path, "w").close()

    def text(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("frames.txt", "1")

    def short(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive, archive.open("frames.npy", "w") as file:
            np.lib.format.write_array_header_1_0(file, {
                "descr": "<f8", "fortran_order": False, "shape": (1 << 40, INPUTS)})

    def header(path: Path) -> None:
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, {
                "descr": "<f8", "fortran_order": False, "shape": (1 << 40, INPUTS)})

    yield _trial("npz of two arrays", "frames.npz", two)
    yield _trial("npz of no array", "frames.npz", none)
    yield _trial("npz of a text", "frames.npz", text)
    yield _trial("npz that ends after its header", "frames.npz", short)
    yield _trial("npy that ends after its header", "frames.npy", header)
    for shape in ((1 << 28, INPUTS), (5, 1 << 30), (1 << 31,)):
        yield _trial(f"npz of {shape} zeros", "frames.npz",
                     lambda path, shape=shape: _swelling(path, shape))


def _damaged(draw: random.Random) -> Trial:
    suffix, seed = draw.choice(("npy", "npz", "txt")), draw.random()

    def write(path: Path) -> None:
        choose = random.Random(seed)
        if suffix == "txt":
            path.write_text(_GOOD * 5)
        else:
            (np.save if suffix == "npy" else np.savez_compressed)(path, np.ones((5, INPUTS)))
        data = bytearray(path.read_bytes())
        if choose.random() < 0.3:
            del data[choose.randrange(len(data)):]
        for _ in range(choose.randrange(1, 6) if data else 0):
            data[choose.randrange(len(data))] = choose.randrange(256)
        path.write_bytes(data)

    return _trial(f"{suffix} with damaged bytes {seed}", f"frames.{suffix}", write, Wanted.EITHER)
