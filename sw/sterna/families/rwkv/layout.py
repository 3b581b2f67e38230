"""Names of tensors that all versions have: those of the authors' files, which are ours too."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sterna.families.rwkv.configuration import Configuration

EMBEDDINGS, HEAD = "emb.weight", "head.weight"
FIRST_NORM, LAST_NORM = "blocks.0.ln0", "ln_out"


def layer_key(layer: int, name: str) -> str:
    """The tensor of a layer."""
    return f"blocks.{layer}.{name}"


def norm_tensors(name: str, hidden: int) -> dict[str, tuple[int, ...]]:
    """Those of a norm."""
    return {f"{name}.weight": (hidden,), f"{name}.bias": (hidden,)}


def linear_shape(config: Configuration, name: str) -> tuple[int, int]:
    """Outputs and inputs of a linear map of a layer, by its name in the program."""
    hidden, wide = config.hidden_size, config.intermediate_size
    return {"wide": (wide, hidden), "down": (hidden, wide)}.get(name, (hidden, hidden))


def tensors_of(config: Configuration,
               layer: Callable[[int], Iterable[tuple[str, tuple[int, ...]]]]
               ) -> dict[str, tuple[int, ...]]:
    """Key and shape of every tensor, in the order of use; ``layer`` gives those of one."""
    hidden = config.hidden_size
    found: dict[str, tuple[int, ...]] = {EMBEDDINGS: (config.vocab_size, hidden)}
    found |= norm_tensors(FIRST_NORM, hidden)
    for index in range(config.num_hidden_layers):
        found |= {layer_key(index, name): shape for name, shape in layer(index)}
    return found | norm_tensors(LAST_NORM, hidden) | {HEAD: (config.vocab_size, hidden)}
