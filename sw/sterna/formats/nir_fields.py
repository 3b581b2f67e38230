"""What a node of a NIR graph must be made of: the fields of every kind, their numbers and shapes.

The package nir checks a part of the shapes, by assertions that name neither node nor field, and no
number: a NaN as threshold would make a neuron fire in every step, or never. Everything is looked at
here before anything is computed from it. Source: nir 1.0.8, `nir.ir`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError

PADDINGS = ("same", "valid")
MOST = 1 << 24
"""The largest size, stride or padding."""
_ENDLESS = ("a neuron that forgets nothing (snnTorch writes so for a beta or alpha of 1); give a "
            "finite time, or an I or IF in its place")
_GROWING = "snnTorch writes so for a beta or alpha above 1"


@dataclass(frozen=True)
class Field:
    """Real numbers, or whole ones from `least` on; `above` 0, or from 0 on, where it says so.

    `ranks` are the numbers of axes that are possible, () any; `counts` the numbers of values.
    """

    whole: bool = False
    least: int | None = None
    above: bool = False
    ranks: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()
    needed: bool = True


_REAL, _TIME = Field(), Field(above=True)
_DELAY = Field(least=0)
_SHAPE = Field(whole=True, least=1, ranks=(1,))
_ONE_INDEX = Field(whole=True, counts=(1,), needed=False)


def _sizes(axes: int, least: int = 1, needed: bool = True) -> Field:
    """A number for all axes, or one an axis."""
    return Field(whole=True, least=least, ranks=(0, 1), counts=(1, axes), needed=needed)


def _convolution(axes: int) -> dict[str, Field]:
    return {
        "weight": Field(ranks=(axes + 2,)), "bias": _REAL, "stride": _sizes(axes),
        "padding": _sizes(axes, 0), "dilation": _sizes(axes),
        "groups": Field(whole=True, least=1, ranks=(0, 1), counts=(1,)),
        "input_shape": Field(whole=True, least=1, ranks=(0, 1), counts=(axes,), needed=False),
    }


_POOL = {"kernel_size": _sizes(2), "stride": _sizes(2), "padding": _sizes(2, 0)}
_FIRES = {"v_threshold": _REAL, "v_reset": Field(needed=False)}
_LEAKS = {"tau": _TIME, "r": _REAL, "v_leak": _REAL}
_CUBA = {"tau_mem": _TIME, "tau_syn": _TIME, "r": _REAL, "v_leak": _REAL,
         "w_in": Field(needed=False)}

KINDS: dict[str, dict[str, Field]] = {
    "Input": {"shape": _SHAPE}, "Output": {"shape": _SHAPE},
    "Affine": {"weight": Field(ranks=(2,)), "bias": _REAL}, "Linear": {"weight": Field(ranks=(2,))},
    "Scale": {"scale": _REAL}, "Delay": {"delay": _DELAY},
    "Conv1d": _convolution(1), "Conv2d": _convolution(2), "SumPool2d": _POOL, "AvgPool2d": _POOL,
    "Flatten": {"start_dim": _ONE_INDEX, "end_dim": _ONE_INDEX,
                "input_type": Field(whole=True, least=1, ranks=(1,), needed=False)},
    "Threshold": {"threshold": _REAL}, "I": {"r": _REAL}, "IF": {"r": _REAL, **_FIRES},
    "LI": _LEAKS, "LIF": _LEAKS | _FIRES, "CubaLI": _CUBA, "CubaLIF": _CUBA | _FIRES,
}
"""The fields of every kind of node, but of a graph in a graph, by their names in a file."""
_NEURONS = ("IF", "LI", "LIF", "CubaLI", "CubaLIF")
"""Kinds whose fields have one shape, but for w_in, which may be one number."""


def check_names(where: str, kind: str, names: Iterable[str]) -> None:
    """Raise `InputError` for a field that the kind of node does not have."""
    if unknown := sorted(set(names) - KINDS[kind].keys()):
        raise InputError(f"{where}: {unknown[0]} is no field of {kind}, which has "
                         f"{', '.join(KINDS[kind])}")


def check_fields(where: str, kind: str, values: Mapping[str, Any]) -> None:
    """Raise `InputError` naming the first field that the kind of node cannot have so.

    `where` names the node. A value of None is one that is not there.
    """
    fields = KINDS[kind]
    there = {name: value for name, value in values.items() if value is not None}
    check_names(where, kind, there)
    for name, field in fields.items():
        if name in there:
            check_value(where, name, there[name], field)
        elif field.needed:
            raise InputError(f"{where}: {name} is missing; {kind} has {', '.join(fields)}")
    shapes = {name: np.shape(value) for name, value in there.items()}
    if kind in _NEURONS:
        _check_same(where, kind, shapes)
    if kind in ("Affine", "Conv1d", "Conv2d"):
        _check_bias(where, shapes)
    if kind in ("Conv1d", "Conv2d"):
        _check_groups(where, int(np.ravel(there["groups"])[0]), shapes["weight"])
    if kind in ("Input", "Output") and prod(map(int, there["shape"])) > MOST:
        sizes = _short(np.asarray(there["shape"]).tolist())
        raise InputError(f"{where}: shape is {sizes}, of more than {MOST} values")
    if kind == "Flatten" and "input_type" in there:
        _check_axes(where, there)


def check_nodes(nodes: Mapping[str, Any]) -> None:
    """`check_fields` of the nodes of a ``nir.NIRGraph``; kinds that NIR does not have are left."""
    for key, node in nodes.items():
        kind = type(node).__name__
        if kind in KINDS:
            check_fields(f"node {key}", kind, {name: _attribute(node, kind, name)
                                               for name in KINDS[kind]})


def _attribute(node: Any, kind: str, name: str) -> Any:
    """A field of a node in memory, where sizes of values stand in dictionaries."""
    if name not in ("shape", "input_type"):
        return getattr(node, name)
    types = node.output_type if kind == "Output" else node.input_type
    return types if not isinstance(types, Mapping) else types[
        "output" if kind == "Output" else "input"]


def _check_same(where: str, kind: str, shapes: Mapping[str, tuple[int, ...]]) -> None:
    first, *others = (name for name in KINDS[kind] if name in shapes)
    for name in others:
        if shapes[name] != shapes[first] and not (name == "w_in" and shapes[name] == ()):
            raise InputError(f"{where}: {name} has shape {list(shapes[name])} and {first} "
                             f"{list(shapes[first])}; the fields of a {kind} have one shape")


def _check_bias(where: str, shapes: Mapping[str, tuple[int, ...]]) -> None:
    if "bias" in shapes and prod(shapes["bias"]) != shapes["weight"][0]:
        raise InputError(f"{where}: bias has shape {list(shapes['bias'])}, but weight "
                         f"{list(shapes['weight'])} gives {shapes['weight'][0]} values")


def _check_groups(where: str, groups: int, weight: tuple[int, ...]) -> None:
    if weight[0] % groups:
        raise InputError(f"{where}: groups is {groups}, which does not divide the {weight[0]} "
                         f"outputs of weight {list(weight)}")


def _check_axes(where: str, values: Mapping[str, Any]) -> None:
    """Of a Flatten; the usual ones are those of the package nir."""
    axes = len(values["input_type"])
    start, end = (int(np.ravel(values.get(name, usual))[0])
                  for name, usual in (("start_dim", 1), ("end_dim", -1)))
    for name, axis, most in (("start_dim", start, axes), ("end_dim", end, axes - 1)):
        if not -axes <= axis <= most:
            raise InputError(f"{where}: {name} is {axis}, but input_type has {axes} axes")
    first, last = (axis + axes if axis < 0 else axis for axis in (start, end))
    if first > last and first < axes:
        raise InputError(f"{where}: start_dim {start} lies behind end_dim {end}")


def check_value(where: str, name: str, value: Any, field: Field = _REAL) -> None:
    """Raise `InputError` unless the value is made of finite numbers that the field can have."""
    if name == "padding" and isinstance(value, str | bytes):
        text = value.decode(errors="replace") if isinstance(value, bytes) else value
        if text not in PADDINGS:
            raise InputError(f"{where}: padding is {_short(text)}; it must be numbers, same or "
                             "valid")
        return
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError):
        raise InputError(f"{where}: {name} holds no numbers") from None
    if array.dtype.kind not in "biuf":
        raise InputError(f"{where}: {name} holds {kind_of(array.dtype)}, not real numbers")
    if array.ndim and not array.size and not (field.whole and not field.counts):
        raise InputError(f"{where}: {name} is empty")
    _check_finite(where, name, array, field)
    if field.whole:
        _check_whole(where, name, array, field)
    elif field.above and not (array > 0).all():
        hint = f"; {_GROWING}" if (array < 0).any() else ""
        raise InputError(f"{where}: {name} is {array.min():g}; it must be above 0{hint}")
    elif field.least is not None and (array < field.least).any():
        raise InputError(f"{where}: {name} is {array.min():g}; it must not be negative")
    if field.ranks and array.ndim not in field.ranks:
        ranks = " or ".join(map(str, field.ranks))
        raise InputError(f"{where}: {name} has shape {list(array.shape)}; it must have {ranks} "
                         f"ax{'i' if field.ranks == (1,) else 'e'}s")
    if field.counts and array.size not in field.counts:
        counts = " or ".join(map(str, dict.fromkeys(field.counts)))
        raise InputError(f"{where}: {name} has {array.size} numbers; it must have {counts}")


def _check_finite(where: str, name: str, array: NDArray, field: Field) -> None:
    # The largest number that single precision has: beyond it frameworks have infinity.
    if not np.isfinite(array).all() or (np.abs(array) > np.finfo(np.float32).max).any():
        endless = field.above and not np.isnan(array).any() and (array[array < 0].size == 0)
        told = f"holds an endless time: {_ENDLESS}" if endless else (
            "holds values that are not finite")
        raise InputError(f"{where}: {name} {told}")


def _check_whole(where: str, name: str, array: NDArray, field: Field) -> None:
    least, values = -MOST if field.least is None else field.least, array.astype(np.float64)
    if (values != np.rint(values)).any() or (values < least).any() or (values > MOST).any():
        text = "" if field.least is None else f" from {least}"
        raise InputError(f"{where}: {name} is {_short(array.tolist())}; it must be whole{text}, "
                         f"at most {MOST}")


def kind_of(dtype: np.dtype) -> str:
    """What values of a type are, in words."""
    if dtype.names:
        return "records"
    return {"S": "text", "U": "text", "O": "lists or references", "V": "bytes",
            "c": f"{dtype.name} values"}.get(dtype.kind, f"{dtype.name} values")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
