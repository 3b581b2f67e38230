"""Every wrong value of a dataset, and every wrong type of a node, of a NIR graph's file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from tests.campaign.nir_files import Change, Edit, node_of, put
from tests.campaign.trial import Wanted

SIZES = {"stride", "padding", "dilation", "groups", "kernel_size", "input_shape", "shape",
         "input_type", "start_dim", "end_dim"}
TIMES = {"tau", "tau_mem", "tau_syn"}
OPTIONAL = {"v_reset", "w_in", "input_shape", "input_type", "metadata", "start_dim", "end_dim"}


def value_changes(place: str, good: Any) -> Iterator[Change]:
    """Every wrong value of a dataset of numbers."""
    name, node = place.rsplit("/", 1)[1], node_of(place)
    array = np.asarray(good)
    where = (node, name)

    def change(label: str, value: Any, wanted: Wanted = Wanted.REFUSED,
               named: tuple[str, ...] = where) -> Change:
        return Change(f"{node}.{name} {label}", lambda file: put(file, place, value), wanted,
                      named if wanted is Wanted.REFUSED else ())

    def one(wrong: float) -> np.ndarray:
        values = np.atleast_1d(array).astype(np.float64)
        values.reshape(-1)[-1] = wrong
        return values if array.shape else values[0]

    size, positive = name in SIZES, name in TIMES
    for label, wrong in (("nan", np.nan), ("inf", np.inf), ("-inf", -np.inf), ("1e39", 1e39),
                         ("-1e300", -1e300)):
        yield change(label, one(wrong))
        yield change(f"all {label}", np.full(array.shape, wrong))
    may = Wanted.EITHER
    yield change("0", one(0), Wanted.REFUSED if positive or name in {
        "stride", "dilation", "groups", "kernel_size", "shape", "input_shape"} else may)
    yield change("all 0", array * 0, Wanted.REFUSED if positive or name in {
        "stride", "dilation", "groups", "kernel_size", "shape", "input_shape"} else may)
    negative = size and name not in ("start_dim", "end_dim") or positive or name == "delay"
    yield change("-1", one(-1), Wanted.REFUSED if negative else may)
    yield change("1e-30", one(1e-30), Wanted.REFUSED if positive or size and
                 name != "padding" else may)
    yield change("1e30", one(1e30), Wanted.REFUSED if size else may)
    if size:
        yield change("1.5", one(1.5))
        yield change("2**40", one(2**40))
        yield change("2**63", np.full(array.shape, 2**63, np.uint64))
        yield change("77", one(77), may if name in ("padding", "stride") else Wanted.REFUSED, ())
    for label, value in _kinds(array):
        yield change(label, value)
    for label, value in _numbers(array):
        yield change(label, value, may)
    for label, value in _shapes(array):
        # One value may be for all, axes of one change nothing, and some shapes fit otherwise.
        broad = label in ("1 axis more", "of no axis", "of one", "columns", "many axes")
        yield change(label, value, may if size or broad and name != "weight" else Wanted.REFUSED,
                     ())
    missing = may if name in OPTIONAL else Wanted.REFUSED
    yield Change(f"{node}.{name} missing", lambda file: file.__delitem__(place), missing,
                 where if missing is Wanted.REFUSED else ())

    def group(file: h5py.File) -> None:
        put(file, place, 0)
        del file[place]
        file.create_group(place)

    yield Change(f"{node}.{name} a group", group, where=where)

    def vast(file: h5py.File) -> None:
        del file[place]
        file.create_dataset(place, (1 << 20, 1 << 20), np.float32, chunks=(1024, 1024))

    yield Change(f"{node}.{name} vast", vast, where=where)

    def dangling(file: h5py.File) -> None:
        put(file, place, h5py.SoftLink("/nowhere"))

    yield Change(f"{node}.{name} dangling", dangling, where=where)

    def nothing(file: h5py.File) -> None:
        put(file, place, h5py.Empty("f8"))

    yield Change(f"{node}.{name} null", nothing, where=where)


def _kinds(array: np.ndarray) -> Iterator[tuple[str, Any]]:
    """Values that are no real numbers."""
    shape = array.shape
    yield "complex", array + 1j
    yield "a word", "word"
    yield "words", np.full(shape or (1,), b"1.0", "S3")
    yield "text", np.full(shape or (1,), "one", h5py.string_dtype())
    yield "not UTF-8", b"\xff\xfe"
    yield "records", np.zeros(shape, [("a", "f8"), ("b", "i4")])
    yield "void", np.zeros(shape or (1,), "V4")
    yield "lists", np.array([np.ones(2), np.ones(3)], h5py.vlen_dtype(np.float64))
    yield "references", np.array([h5py.Reference()], h5py.ref_dtype)


def _numbers(array: np.ndarray) -> Iterator[tuple[str, Any]]:
    """Other types of numbers."""
    for kind in ("float16", "float32", "longdouble", "int8", "uint16", "int64", ">f8", ">i2"):
        yield kind, array.astype(kind)
    yield "bool", array.astype(bool)
    yield "an enumeration", np.ones(array.shape, h5py.enum_dtype({"a": 0, "b": 1}))


def _shapes(array: np.ndarray) -> Iterator[tuple[str, Any]]:
    yield "empty", np.zeros((0, *array.shape[1:]), array.dtype)
    yield "of no axis", array.reshape(-1)[0]
    yield "of one", array.reshape(-1)[:1]
    yield "1 axis more", array[None]
    yield "2 on a new axis", np.stack([array, array])
    yield "many axes", array.reshape((1,) * 20 + array.shape)
    if array.shape:
        yield "one less", array[:-1]
        yield "one more", np.concatenate([array, array[:1]])
        yield "columns", array.reshape(-1, 1)
        yield "one less in the last", array[..., :-1]
        yield "one more in the last", np.concatenate([array, array[..., :1]], -1)


def type_changes(place: str) -> Iterator[Change]:
    """Of the group of a node."""
    node = node_of(f"{place}/type")

    def change(label: str, edit: Edit, wanted: Wanted = Wanted.REFUSED) -> Change:
        return Change(f"{node} {label}", edit, wanted, (node,))

    yield change("without type", lambda file: file.__delitem__(f"{place}/type"))
    for label, value in {
        "of an unknown type": "ALIF", "of no type": "", "in small letters": "lif", "of type 3": 3,
        "of type NaN": np.nan, "of two types": ["LIF", "IF"], "not UTF-8": b"\xff", "of CubaLI":
        "CubaLI", "of type NIRNode": "NIRNode", "of type str2NIRNode": "str2NIRNode",
        "of a type of 5000 letters": "L" * 5000, "of a type of lines": "a\nb\x1b[31m",
    }.items():
        yield change(label, lambda file, value=value: put(file, f"{place}/type", value))
    for kind in ("LIF", "Conv2d", "Affine", "Delay", "NIRGraph", "Input", "Output", "Scale"):
        yield Change(f"{node} of type {kind}",
                     lambda file, kind=kind: put(file, f"{place}/type", kind)
                     if file[f"{place}/type"][()] != kind.encode() else put(file, place, 1))
    yield change("with a field more", lambda file: put(file, f"{place}/beta", 0.5))
    yield change("with a field called input_type",
                 lambda file: put(file, f"{place}/output_type", [1, 2]))
    yield change("a number", lambda file: put(file, place, 1))
    yield Change(f"{node} missing", lambda file: file.__delitem__(place))

    def empty(file: h5py.File) -> None:
        del file[place]
        file.create_group(place)

    yield change("empty", empty)
    yield change("its own node", lambda file: file[place].__setitem__("again", file[place]))
