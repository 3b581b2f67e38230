"""The delta rule of RWKV-7 over several tokens at a time: for training, where it is much faster."""

from __future__ import annotations

import torch
from torch import Tensor

CHUNK = 16
"""Tokens at a time: what is left of a state behind them, at least 6e-5, is divided by."""


def over_chunks(receptances: Tensor, keys: Tensor, contents: Tensor, kept: Tensor, removed: Tensor,
                rates: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """As `Attention.over_time` of RWKV-7, but for rounding.

    In a state S[t] = Z[t] * left[t], ``left`` the product of what is kept, nothing fades: Z[t] =
    Z[t-1] + old[t] b[t]' + v[t] k[t]', old[t] = Z[t-1] a[t], which is a triangular system in old.
    """
    time = keys.shape[0]
    chunks = range(0, time, CHUNK)
    found = []
    for first in chunks:
        receptance, key, content, keep, gone, rate = (
            part[first:first + CHUNK].permute(1, 2, 0, 3)
            for part in (receptances, keys, contents, kept, removed, rates))
        left = keep.cumprod(-2)
        before = torch.cat([torch.ones_like(left[..., :1, :]), left[..., :-1, :]], -2)
        there, enters, leaves = gone * before, key / left, -gone * rate / left
        asked = receptance * left
        old = there @ state.mT + (there @ enters.mT).tril(-1) @ content
        system = torch.eye(old.shape[-2]) - (there @ leaves.mT).tril(-1)
        old = torch.linalg.solve_triangular(system, old, upper=False, unitriangular=True)
        found.append(asked @ state.mT + (asked @ leaves.mT).tril() @ old
                     + (asked @ enters.mT).tril() @ content)
        state = (state + old.mT @ leaves + content.mT @ enters) * left[..., -1:, :]
    return torch.cat(found, -2).permute(2, 0, 1, 3).reshape(-1, keys[0, 0].numel()), state
