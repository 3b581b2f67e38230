"""Checkpoints of the authors' module, by names and shapes of their tensors.

A file does not say how often a token goes through the weights, which is asked for.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sterna.errors import InputError
from sterna.families.bdh.configuration import BdhConfig
from sterna.families.bdh.layout import KINDS, THETA, frequencies
from sterna.families.bdh.sources import WITHIN, bare
from sterna.families.bdh.version import BDH
from sterna.families.rwkv.checkpoint import (
    Safetensors,
    TensorSource,
    model_of,
    open_pth,
    require,
    tokenizer_beside,
)
from sterna.families.rwkv.layout import EMBEDDINGS, HEAD, layer_key
from sterna.families.rwkv.sources import SAFETENSORS
from sterna.families.rwkv.version import Shapes
from sterna.families.rwkv.weights import Array, RwkvModel
from sterna.formats.tensor_file import TensorFile

THEIRS = {EMBEDDINGS: "embed.weight", HEAD: "lm_head",
          **{layer_key(0, key): key for key in KINDS.values()}}
"""What our tensors are called there; the head is [hidden, vocabulary]."""
FREQUENCIES = "attn.freqs"
"""Of pairs, both of the same: a constant that files have, or have not."""
_NEAR = 5e-3
"""Of frequencies, relative: files may have them in bfloat16."""


def open_authors(source: Path, layers: int) -> RwkvModel:
    """The model of a file of so many layers, without number formats; tensors are read when asked
    for.

    Raises `InputError` naming the file or the tensor that is missing, superfluous, misshapen, not
    finite or of another model.
    """
    file: TensorSource = (Safetensors(TensorFile(source)) if source.suffix == SAFETENSORS
                          else open_pth(source, WITHIN))
    names = bare(file.shapes)
    shapes = {name: file.shapes[key] for name, key in names.items()}
    try:
        config = _configured(shapes, layers)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    if names.pop(FREQUENCIES, None) is not None:
        _check_frequencies(file, config, bare(file.shapes)[FREQUENCIES])
    ours = {name: key for key, name in THEIRS.items()}
    found = {ours.get(name, name): shapes[name] for name in names}
    if HEAD in found:
        wanted = (config.hidden_size, config.vocab_size)
        if found[HEAD] != wanted:
            raise InputError(f"{source}: tensor {THEIRS[HEAD]} has shape {list(found[HEAD])}, not "
                             f"{list(wanted)}")
        found[HEAD] = wanted[::-1]
    require(source, found, BDH, config, lambda key: THEIRS.get(key, key))
    model = model_of(BDH, config, file, lambda key: names[THEIRS[key]], tokenizer_beside(source))

    def tensor(key: str) -> Array:
        values = model.tensor(key)
        return values.T if key == HEAD else values

    return RwkvModel(BDH, config, tensor, model.tokenizer_path, model.generation)


def _configured(shapes: Shapes, layers: int) -> BdhConfig:
    """As the shapes say."""
    encoder, embedding = shapes.get(KINDS["enter"], ()), shapes.get(THEIRS[EMBEDDINGS], ())
    if len(encoder) != 3 or len(embedding) != 2:
        raise InputError("has no encoder [heads, hidden, neurons] and embed.weight [vocabulary, "
                         "hidden] of a BDH")
    heads, hidden, neurons = encoder
    return BdhConfig(vocab_size=embedding[0], hidden_size=hidden, num_hidden_layers=layers,
                     intermediate_size=heads * neurons, num_heads=heads)


def _check_frequencies(file: TensorSource, config: BdhConfig, name: str) -> None:
    """Raise `InputError` unless they are those of the authors."""
    found = np.asarray(file.tensor(name), np.float64).reshape(-1)
    wanted = np.repeat(frequencies(config.neurons), 2)
    if found.shape != wanted.shape or not np.allclose(found, wanted, rtol=_NEAR, atol=0):
        raise InputError(f"{file.path}: {name} are no frequencies of pairs of {config.neurons} "
                         f"neurons with theta {THETA:g}, as the authors' code has them")
