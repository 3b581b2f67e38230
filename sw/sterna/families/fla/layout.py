"""Names and shapes of tensors that all models of flash-linear-attention have.

Ours are theirs with the prefixes of RWKV's, so that all lie in folders of one kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sterna.families.fla.configuration import FlaConfig
from sterna.families.rwkv.layout import EMBEDDINGS, HEAD, LAST_NORM, layer_key

OURS = {
    "model.embeddings.": "emb.", "model.layers.": "blocks.", "model.norm.": "ln_out.",
    "lm_head.": "head.", ".attn_norm.": ".ln1.", ".mlp_norm.": ".ln2.", ".attn.": ".att.",
    ".mlp.": ".ffn."}
"""In place of parts of their names."""
HEAD_NORM, OUTPUT = "att.norm.weight", "att.o_proj"
CHANNELS = {"admit": "ffn.gate_proj", "wide": "ffn.up_proj", "down": "ffn.down_proj"}
"""Matrices [outputs, inputs] of channel mixing by their names in the program."""
Shapes = dict[str, tuple[int, ...]]


def ours(*norms: str) -> dict[str, str]:
    """And of the norm of heads, which has one of these names there, the last of them usually."""
    return OURS | {f".{norm}.": ".norm." for norm in norms}


def channel_shape(config: FlaConfig, name: str) -> tuple[int, int]:
    """Outputs and inputs of one of `CHANNELS`."""
    hidden, wide = config.hidden_size, config.intermediate_size
    return (hidden, wide) if name == "down" else (wide, hidden)


def all_tensors(config: FlaConfig,
                attention: Callable[[int], Iterable[tuple[str, tuple[int, ...]]]]) -> Shapes:
    """Key and shape of every tensor, in the order of use; ``attention`` gives those of a layer that
    stand between its norms."""
    hidden = config.hidden_size
    found: Shapes = {EMBEDDINGS: (config.vocab_size, hidden)}
    for index in range(config.num_hidden_layers):
        found |= {layer_key(index, name): shape for name, shape in (
            ("ln1.weight", (hidden,)), *attention(index), ("ln2.weight", (hidden,)),
            *((f"{key}.weight", channel_shape(config, name))
              for name, key in CHANNELS.items()))}
    return found | {f"{LAST_NORM}.weight": (hidden,), HEAD: (config.vocab_size, hidden)}
