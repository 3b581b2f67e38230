"""What the training script needs of a family: its module, its first weights, its folder."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.conversion import float_reference, from_torch
from sterna.families.matmul_free.ranges import spike_shares, value_ranges
from sterna.families.matmul_free.reference import MatMulFreeLM
from sterna.families.matmul_free.store import load_model, save_model
from sterna.families.rwkv import store as rwkv_store
from sterna.families.rwkv.calibration import CALIBRATION_TOKENS
from sterna.families.rwkv.model import module_of
from sterna.families.rwkv.version import Version
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv4.version import RWKV4
from sterna.families.rwkv7.version import RWKV7
from sterna.families.spikegpt.version import SPIKEGPT
from sterna.formats.tokenizer import EncodedText
from torch import nn
from train_chunks import over_chunks


@dataclass(frozen=True)
class Trainee:
    """A module in training: `forward` and `initial_state` as the float references have them."""

    module: Any
    weights: int
    """Of its matrices."""
    initialise: Callable[[int], None]
    save: Callable[[Path, Path, list[int]], None]
    """Write the folder, with the tokenizer of the first path, in formats that suit these ids."""
    stored: Callable[[Path], Any]
    """The float reference of the folder."""
    told: Callable[[Any, EncodedText], Iterator[str]]
    """Lines about what the reference does on a text."""


def _matmul_free(options: argparse.Namespace) -> Trainee:
    config = ModelConfig(
        vocab_size=options.vocabulary, hidden_size=options.hidden,
        num_hidden_layers=options.layers, intermediate_size=options.intermediate or 384,
        channel_mixer=options.channel_mixer)
    module = MatMulFreeLM(config)

    def save(tokenizer: Path, output: Path, ids: list[int]) -> None:
        del ids
        save_model(replace(from_torch(module), tokenizer_path=tokenizer), output)

    def told(reference: MatMulFreeLM, text: EncodedText) -> Iterator[str]:
        for name, numbers in value_ranges(reference, text).items():
            yield f"greatest {name}: " + " ".join(f"{number:.2f}" for number in numbers)
        if shares := spike_shares(reference, text):
            yield "neurons that fire at a token: " + " ".join(f"{part:.2%}" for part in shares)

    return Trainee(module, config.ternary_weight_count,
                   lambda seed: start_matmul_free(module, seed), save,
                   lambda folder: float_reference(load_model(folder)), told)


def start_matmul_free(module: MatMulFreeLM, seed: int) -> None:
    """Ternary layers at `1/(2*sqrt(inputs))`, those into the residual less."""
    generator = torch.Generator().manual_seed(seed)
    depth = module.config.num_hidden_layers
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name.endswith("embeddings.weight"):
                parameter.normal_(std=0.5, generator=generator)
            elif parameter.dim() == 2 and not name.endswith("lower_bounds"):
                scale = 0.5 * parameter.shape[1] ** -0.5
                if "o_proj" in name or "down_proj" in name:
                    scale /= math.sqrt(2 * depth)
                parameter.normal_(std=scale, generator=generator)


def _rwkv(version: Version, start: Callable[[Any, int], None],
          more: Callable[[int], dict[str, int]], options: argparse.Namespace) -> Trainee:
    """``more`` are settings of a model of a hidden size that only some versions have."""
    config: Any = version.config(
        vocab_size=options.vocabulary, hidden_size=options.hidden,
        num_hidden_layers=options.layers, intermediate_size=options.intermediate,
        bos_token_id=1, eos_token_id=2, **more(options.hidden))  # type: ignore[arg-type]
    module = version.module(config)

    def save(tokenizer: Path, output: Path, ids: list[int]) -> None:
        state = {key: value.detach().half().numpy() for key, value in module.state_dict().items()}
        model = RwkvModel(version, config, state.__getitem__, tokenizer)
        formats = version.calibrate(model, ids[:CALIBRATION_TOKENS]).formats
        rwkv_store.save_model(replace(model, formats=formats.to_json()), output)

    def told(reference: Any, text: EncodedText) -> Iterator[str]:
        del reference, text
        yield from ()

    return Trainee(module, config.matrix_weights, partial(start, module), save,
                   lambda folder: module_of(rwkv_store.load_model(folder, version)), told)


def _start_matrices(module: Any, generator: torch.Generator, drive: float) -> torch.Tensor:
    """Matrices that lead into the residual stream, ``drive`` times as large as else, begin small.

    Gives the place of each channel, 0 to 1.
    """
    layers, hidden = module.config.num_hidden_layers, module.config.hidden_size
    for name, parameter in module.named_parameters():
        if parameter.dim() == 2:
            scale = 0.5 if name == "emb.weight" else 0.5 * parameter.shape[1] ** -0.5
            if name.endswith(("output.weight", "ffn.value.weight")):
                scale *= drive / math.sqrt(2 * layers)
            parameter.normal_(std=scale, generator=generator)
    return torch.arange(hidden) / max(hidden - 1, 1)


def start_rwkv4(drive: float, module: Any, seed: int) -> None:
    """Channels fade from fast to slow, deeper layers look further back; gates begin small."""
    generator = torch.Generator().manual_seed(seed)
    layers, hidden = module.config.num_hidden_layers, module.config.hidden_size
    with torch.no_grad():
        place = _start_matrices(module, generator, drive)
        for index, block in enumerate(module.blocks):
            depth, left = index / max(layers - 1, 1), 1 - index / layers
            attention: Any = block.att
            attention.time_decay.copy_(-5 + 8 * place ** (0.7 + 1.3 * depth))
            attention.time_first.copy_(math.log(0.3) + 0.5 * ((torch.arange(hidden) + 1) % 3 - 1))
            for part, names in ((attention, "kvr"), (block.ffn, "kr")):
                for name in names:
                    power = left / 2 if name == "r" and part is attention else left
                    share: nn.Parameter = getattr(part, f"time_mix_{name}")
                    share.copy_(place**power + (0.3 * depth if name == "v" else 0))


def start_rwkv7(module: Any, seed: int) -> None:
    """Channels fade from fast to slow, deeper layers look further back; what low-rank maps add
    begins at 0."""
    generator = torch.Generator().manual_seed(seed)
    layers = module.config.num_hidden_layers
    powers = {"r": 0.2, "w": 0.9, "k": 0.7, "v": 0.7, "a": 0.9, "g": 0.2}
    with torch.no_grad():
        place = _start_matrices(module, generator, 1.0)
        for index, block in enumerate(module.blocks):
            depth, left = index / max(layers - 1, 1), 1 - index / layers
            attention: Any = block.att
            for letter, power in powers.items():
                getattr(attention, f"x_{letter}").copy_(1 - place ** (power * left))
            block.ffn.x_k.copy_(1 - place ** left**4)
            attention.w0.copy_(-6.5 + 5 * place ** (0.85 + depth**0.5))
            attention.k_k.fill_(0.85)
            attention.k_a.fill_(1.0)
            attention.r_k.zero_()
            attention.key.weight.mul_(0.2)
            for name, parameter in attention.named_parameters():
                if name in ("w1", "a1", "v1", "g1"):
                    parameter.zero_()
                elif name in ("w2", "a2", "v2", "g2"):
                    spread = 1.0 if name == "g2" else 0.1
                    parameter.normal_(std=spread * parameter.shape[0] ** -0.5,
                                      generator=generator)
            if index:
                attention.v0.fill_(1.0)
            attention.over_time = over_chunks


def _small_ranks(hidden: int) -> dict[str, int]:
    """Heads and low-rank maps of a small model."""
    ranks = dict.fromkeys(("decay_rank", "rate_rank", "value_rank"), hidden // 8)
    return {"head_size": 32, **ranks, "gate_rank": hidden // 4}


FAMILIES: dict[str, Callable[[argparse.Namespace], Trainee]] = {
    "matmul-free": _matmul_free,
    # Neurons fire at a threshold of 1.
    "spikegpt": partial(_rwkv, SPIKEGPT, partial(start_rwkv4, 16.0), lambda hidden: {}),
    "rwkv4": partial(_rwkv, RWKV4, partial(start_rwkv4, 1.0), lambda hidden: {}),
    "rwkv7": partial(_rwkv, RWKV7, start_rwkv7, _small_ranks)}
