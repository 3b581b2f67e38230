"""Random checkpoints in the layout of the released ones, to try imports at any size."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor

from sterna.errors import InputError
from sterna.families.matmul_free.assembly import assemble
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.conversion import LatentTensors
from sterna.families.matmul_free.huggingface import expected_tensors
from sterna.families.matmul_free.layout import EMBEDDINGS, LOWER_BOUNDS
from sterna.families.matmul_free.store import CONFIG_FILE, GENERATION_FILE, TOKENIZER_FILE
from sterna.families.matmul_free.weights import MatMulFreeModel
from sterna.formats.checkpoint import INDEX_FILE, SINGLE_FILE

DATA_TYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16, "float32": torch.float32}


def write_random_checkpoint(
    folder: Path | str,
    config: ModelConfig,
    dtype: str = "float16",
    shards: int = 1,
    seed: int = 0,
    std: float | None = None,
) -> None:
    """Write config.json, weights in `shards` files, tokenizer.json and generation_config.json.

    The latent weights are Gaussian, gains near one; with a standard deviation `std` all are as the
    official code initialises them. Memory holds one shard at a time. Raises
    `InputError` for an unknown `dtype` and for more shards than tensors.
    """
    if dtype not in DATA_TYPES:
        raise InputError(f"dtype {dtype!r} is unknown; known are {', '.join(DATA_TYPES)}")
    shapes = expected_tensors(config)
    if not 1 <= shards <= len(shapes):
        raise InputError(f"shards must be from 1 to {len(shapes)}, not {shards}")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(seed)
    keys = list(shapes)
    weight_map: dict[str, str] = {}
    for shard in range(shards):
        name = SINGLE_FILE
        if shards > 1:
            name = f"model-{shard + 1:05d}-of-{shards:05d}.safetensors"
        part = keys[len(keys) * shard // shards : len(keys) * (shard + 1) // shards]
        tensors = {
            key: _draw(key, shapes[key], generator, config, std).to(DATA_TYPES[dtype])
            for key in part
        }
        save_file(tensors, folder / name, {"format": "pt"})
        weight_map |= dict.fromkeys(part, name)
    if shards > 1:
        _write_json(folder / INDEX_FILE, {"metadata": {}, "weight_map": weight_map})
    released = {**config.to_dict(), "architectures": ["HGRNBitForCausalLM"], "torch_dtype": dtype}
    _write_json(folder / CONFIG_FILE, released)
    _write_json(
        folder / GENERATION_FILE,
        {"bos_token_id": config.bos_token_id, "eos_token_id": config.eos_token_id},
    )
    _byte_tokenizer(config.vocab_size).save(str(folder / TOKENIZER_FILE))


def draw_tensor(key: str, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """A random latent tensor, float32, of the size that a trained one has."""
    values = torch.randn(shape, generator=generator)
    if key in (LOWER_BOUNDS, EMBEDDINGS):
        return values
    if len(shape) == 1:
        return torch.exp(0.2 * values)
    return values * shape[1] ** -0.5


def initial_model(config: ModelConfig, std: float, seed: int) -> MatMulFreeModel:
    """A model with the weights of a checkpoint that `write_random_checkpoint` writes, float32."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {
        key: _draw(key, shape, generator, config, std)
        for key, shape in expected_tensors(config).items()
    }
    return assemble(config, LatentTensors(tensors.__getitem__, "random checkpoint"))


def _draw(
    key: str,
    shape: tuple[int, ...],
    generator: torch.Generator,
    config: ModelConfig,
    std: float | None,
) -> Tensor:
    if std is None:
        return draw_tensor(key, shape, generator)
    return draw_initial_tensor(key, shape, generator, std, config.num_hidden_layers)


def draw_initial_tensor(
    key: str, shape: tuple[int, ...], generator: torch.Generator, std: float, layers: int
) -> Tensor:
    """A tensor as the official code initialises it, float32.

    Weights and embeddings have the standard deviation `std`, those in front of the residual stream
    less by the root of twice the layers; gains are one and raw bounds zero.
    """
    if key == LOWER_BOUNDS:
        return torch.zeros(shape)
    if len(shape) == 1:
        return torch.ones(shape)
    residual = key.endswith(("o_proj.weight", "down_proj.weight"))
    return torch.randn(shape, generator=generator) * (std / sqrt(2 * layers) if residual else std)


def _byte_tokenizer(vocabulary: int) -> Tokenizer:
    """One token a byte behind the three special ones, as far as the vocabulary reaches."""
    names = ["<unk>", "<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())][:vocabulary]
    model = models.BPE({name: index for index, name in enumerate(names)}, [], unk_token=names[0])
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([name for name in names[:3] if name.startswith("<")])
    return tokenizer


def _write_json(path: Path, value: dict[str, object]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
