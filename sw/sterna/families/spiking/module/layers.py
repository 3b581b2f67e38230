"""Layers of PyTorch that keep nothing from step to step, as windows, scales and matrices.

They are known by their class names, which SpikingJelly's share, and are as in evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from math import prod
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from sterna.errors import InputError
from sterna.families.spiking.linear import Linear, behind, scaled, times
from sterna.families.spiking.network import Reals
from sterna.families.spiking.shapes import Shape
from sterna.families.spiking.windows import AVERAGES, CONVOLUTIONS, MATRIX_LIMIT, window
from sterna.program.instructions import INPUT

_NORMS = ("BatchNorm1d", "BatchNorm2d")
_ADAPTIVE = ("AdaptiveAvgPool1d", "AdaptiveAvgPool2d")
_KEPT = ("Flatten", "Unflatten", "Dropout", "Dropout1d", "Dropout2d", "Identity")
_MATRICES = ("Linear", "Conv3d")
LAYERS = (*CONVOLUTIONS, *AVERAGES, *_ADAPTIVE, *_NORMS, *_MATRICES, *_KEPT)
MAXIMA = {"MaxPool1d": "SumPool1d", "MaxPool2d": "SumPool2d"}
"""Pools that take the largest, and those that add up as many values."""
_POOLS = {"max_pool1d": torch.nn.MaxPool1d, "max_pool2d": torch.nn.MaxPool2d,
          "avg_pool1d": torch.nn.AvgPool1d, "avg_pool2d": torch.nn.AvgPool2d,
          "adaptive_avg_pool1d": torch.nn.AdaptiveAvgPool1d,
          "adaptive_avg_pool2d": torch.nn.AdaptiveAvgPool2d}


def shape_of(tensor: torch.Tensor) -> Shape:
    """That of one sample, for a batch of one."""
    return tuple(tensor.shape[1:]) if tensor.ndim and tensor.shape[0] == 1 else (tensor.numel(),)


def called_pool(name: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> Any:
    """The layer of a pool that was called as a function, or None."""
    made = _POOLS.get(name)
    if made is None or len(arguments) > 4:  # those behind stand in another order
        return None
    return made(*arguments, **keywords)


def behind_layer(what: str, child: Any, before: Linear, shape: Shape) -> Linear:
    """A layer behind what comes before it, which gave values of a shape. Raises `InputError`."""
    kind = type(child).__name__
    if kind in _KEPT:
        return replace(before, shape=shape)
    if kind in _NORMS:
        return _normed(what, child, before)
    node = _node(kind, child, before.shape, shape)
    if node is not None:
        return _windowed(what, node.kind, node, before, shape)
    if kind == "Linear" and len(before.shape) == 1:
        made, bias = times(what, _numbers(child.weight), before), child.bias
        return made if bias is None else replace(made, bias=made.bias + _numbers(bias))
    matrix, bias = matrix_of(what, child, before.shape)
    made = times(what, matrix, before)
    return Linear(made.terms, made.bias + bias, shape)


def behind_maximum(what: str, child: Any, before: Linear, shape: Shape) -> Linear:
    """The sums of spikes of which a pool takes the largest. Raises `InputError` for others."""
    kind = type(child).__name__
    if not before.is_identity or before.terms[0].source == INPUT:
        raise InputError(f"{what}: {kind} of what are no spikes; the maximum of spikes is taken, "
                         "so put it behind the neurons, or take an AvgPool")
    fields = {name: getattr(child, name) for name in ("kernel_size", "padding", "dilation")}
    node = SimpleNamespace(stride=child.stride or child.kernel_size, **fields)
    return _windowed(what, MAXIMA[kind], node, before, shape)


def _windowed(what: str, kind: str, node: Any, before: Linear, shape: Shape) -> Linear:
    made, bias, found = window(what, kind, node, before.shape)
    if prod(found) != prod(shape):
        raise InputError(f"{what}: gives {list(shape)} values, where windows that lie within its "
                         f"input make {list(found)}; give ceil_mode=False")
    return behind(what, made, before, bias, shape)


def _node(kind: str, child: Any, before: Shape, shape: Shape) -> Any:
    """What a window is made of, or None where one does not say all."""
    fields: dict[str, Any] = {"kind": kind}
    if kind in CONVOLUTIONS and child.padding_mode == "zeros":
        fields |= {name: getattr(child, name)
                   for name in ("stride", "padding", "dilation", "groups")}
        bias = None if child.bias is None else _numbers(child.bias)
        return SimpleNamespace(weight=_numbers(child.weight), bias=bias, **fields)
    plain = getattr(child, "divisor_override", None) is None
    if kind in AVERAGES and plain and (child.count_include_pad or not np.any(child.padding)):
        fields |= {name: getattr(child, name) for name in ("kernel_size", "stride", "padding")}
        return SimpleNamespace(**fields)
    if kind in _ADAPTIVE and not any(
            size % parts for size, parts in zip(before[1:], shape[1:], strict=True)):
        sizes = tuple(size // parts for size, parts in zip(before[1:], shape[1:], strict=True))
        return SimpleNamespace(kind=kind.removeprefix("Adaptive"), kernel_size=sizes, stride=sizes,
                               padding=0)
    return None


def _normed(what: str, child: Any, before: Linear) -> Linear:
    """A batch norm, folded into the weights and the bias before it."""
    if child.running_mean is None or child.running_var is None:
        raise InputError(f"{what}: normalises by its batch; train it with "
                         "track_running_stats=True, whose statistics it takes in evaluation")
    scale = 1 / np.sqrt(_numbers(child.running_var) + child.eps)
    if child.weight is not None:
        scale = scale * _numbers(child.weight)
    shift = -_numbers(child.running_mean) * scale
    if child.bias is not None:
        shift = shift + _numbers(child.bias)
    each = before.bias.size // scale.size
    made = scaled(what, np.repeat(scale, each), before)
    return replace(made, bias=made.bias + np.repeat(shift, each))


def _numbers(tensor: torch.Tensor) -> Reals:
    return tensor.detach().cpu().double().numpy()


def matrix_of(what: str, child: Any, shape: Shape) -> tuple[Reals, Reals]:
    """Matrix and bias of a child for inputs of a shape, from its answers to unit inputs.

    Raises `InputError` when the matrix is too large.
    """
    child, size = deepcopy(child).double().eval(), prod(shape)
    for hooks in (child._forward_hooks, child._forward_pre_hooks):
        hooks.clear()
    with torch.no_grad():
        bias = child(torch.zeros(1, *shape, dtype=torch.float64)).reshape(-1).numpy()
        if size * bias.size > MATRIX_LIMIT:
            raise InputError(f"{what}: from {size} to {bias.size} values is too large to be "
                             f"written out as a matrix of at most {MATRIX_LIMIT} elements")
        if isinstance(getattr(child, "bias", None), torch.Tensor):
            child.bias = None  # so that it need not be taken away, which rounds
        units = torch.eye(size, dtype=torch.float64).reshape(size, *shape)
        rest = child(torch.zeros(1, *shape, dtype=torch.float64)).reshape(-1)
        matrix = (child(units).reshape(size, -1) - rest).T.numpy().copy()
    return matrix, bias
