"""Every value of a NIR graph is looked at before anything is computed from it.

The package nir checks shapes at most: a NaN as threshold, scalar or 0-dimensional, would make a
neuron fire in every step, or never. Metadata is left out, for nothing of it reaches a network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sterna.errors import InputError

POSITIVE = ("tau", "tau_syn", "tau_mem")
"""Time constants, above 0."""
NOT_NEGATIVE = ("delay",)
WHOLE = {
    "stride": 1, "dilation": 1, "groups": 1, "kernel_size": 1, "padding": 0, "input_shape": 1,
    "shape": 1, "input_type": 1, "output_type": 1, "start_dim": None, "end_dim": None,
}
"""Whole numbers and the least of each."""
PADDINGS = ("same", "valid")


def check_file(path: Path) -> None:
    """Raise `InputError` naming the first dataset of the file with a value that is none.

    Looks at the numbers before the package nir computes with them, which it does for shapes.
    """
    import h5py

    def visit(name: str, item: Any) -> None:
        *places, last = name.split("/")
        if isinstance(item, h5py.Dataset) and "metadata" not in places and (
                last not in ("type", "edges")):
            node = ".".join(place for place in places if place != "nodes")
            check_value(f"{path}: node {node}", last, item[()])

    with h5py.File(path) as file:
        if isinstance(node := file["node"], h5py.Group):
            node.visititems(visit)


def check_nodes(nodes: Mapping[str, Any]) -> None:
    """Raise `InputError` naming node and attribute of the first value that is none."""
    for key, node in nodes.items():
        for name, value in vars(node).items():
            if name == "metadata":
                continue
            items: Iterable[Any] = value.values() if isinstance(value, dict) else [value]
            for item in items:
                if item is not None:
                    check_value(f"NIR node {key}", name, item)


def check_value(where: str, name: str, value: Any) -> None:
    """Raise `InputError` unless the value is made of finite numbers that `name` can have."""
    if name == "padding" and isinstance(value, str | bytes):
        text = value.decode(errors="replace") if isinstance(value, bytes) else value
        if text not in PADDINGS:
            raise InputError(f"{where}: padding is {text!r}; it must be numbers, same or valid")
        return
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError):
        raise InputError(f"{where}: {name} holds no numbers") from None
    if array.dtype.kind not in "biuf":
        raise InputError(f"{where}: {name} holds {array.dtype.name} values, not real numbers")
    # The largest number that single precision has: beyond it frameworks have infinity.
    if not np.isfinite(array).all() or (np.abs(array) > np.finfo(np.float32).max).any():
        raise InputError(f"{where}: {name} holds values that are not finite")
    if name in WHOLE:
        least = WHOLE[name]
        if (array != np.rint(array)).any() or least is not None and (array < least).any():
            text = "" if least is None else f" from {least}"
            raise InputError(f"{where}: {name} is {array.tolist()}; it must be whole{text}")
    if not array.size and name not in WHOLE:
        raise InputError(f"{where}: {name} is empty")
    if name in POSITIVE and not (array > 0).all():
        raise InputError(f"{where}: {name} is {array.min():g}; it must be above 0")
    if name in NOT_NEGATIVE and not (array >= 0).all():
        raise InputError(f"{where}: {name} is {array.min():g}; it must not be negative")
