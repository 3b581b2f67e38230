"""The delta rule of RWKV-7 over chunks, against the family's, token by token."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from sterna.families.rwkv7.configuration import Rwkv7Config
from sterna.families.rwkv7.reference import Attention

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("time", [1, 15, 16, 17, 40])
def test_chunks_are_the_recurrence(monkeypatch: pytest.MonkeyPatch, time: int) -> None:
    """Least shares are kept, too; values, states and gradients are those of the recurrence."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    monkeypatch.delitem(sys.modules, "train_chunks", raising=False)
    from train_chunks import over_chunks

    batch, heads, size = 2, 3, 8
    attention = Attention(Rwkv7Config(
        vocab_size=97, hidden_size=heads * size, num_hidden_layers=1, intermediate_size=32,
        head_size=size, decay_rank=4, rate_rank=4, value_rank=4, gate_rank=4), 0)
    generator = torch.Generator().manual_seed(time)

    def values(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    shape = (time, batch, heads, size)
    removed = torch.nn.functional.normalize(values(*shape), dim=-1)
    kept = torch.exp(-0.606531 * torch.sigmoid(2 * values(*shape)))
    taken = (values(*shape), values(*shape), values(*shape), kept, removed,
             torch.sigmoid(values(*shape)))
    state = values(batch, heads, size, size)
    found = []
    for over in (attention.over_time, over_chunks):
        inputs = [value.clone().requires_grad_() for value in (*taken, state)]
        read, last = over(*inputs)
        (read.sin().sum() + last.cos().sum()).backward()
        found.append((read, last, *(value.grad for value in inputs)))
    for once, chunked in zip(*found, strict=True):
        torch.testing.assert_close(chunked.reshape(once.shape), once, rtol=1e-9, atol=1e-9)
