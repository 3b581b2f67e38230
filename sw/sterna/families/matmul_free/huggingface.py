"""Import a released MatMul-free LM: a Hugging Face folder becomes a Sterna model folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sterna.errors import InputError
from sterna.families.matmul_free.assembly import assemble
from sterna.families.matmul_free.configuration import ModelConfig, read_config
from sterna.families.matmul_free.conversion import LatentTensors
from sterna.families.matmul_free.generation import check_generation
from sterna.families.matmul_free.layout import EMBEDDINGS, all_matrices, all_vectors
from sterna.families.matmul_free.store import (
    CONFIG_FILE,
    GENERATION_FILE,
    TOKENIZER_FILE,
    save_model,
)
from sterna.families.matmul_free.weights import MatMulFreeModel
from sterna.files.manifest import read_manifest
from sterna.formats.chat import read_chat
from sterna.formats.checkpoint import Checkpoint
from sterna.formats.foreign import told_of_folder
from sterna.formats.generation import begin_word, begins_with_token
from sterna.formats.tokenizer import Tokenizer
from sterna.reading import read_json

TOKENIZER_SETTINGS = "tokenizer_config.json"


def expected_tensors(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Key and shape of every tensor of a released checkpoint of this machine."""
    shapes: dict[str, tuple[int, ...]] = {EMBEDDINGS: (config.vocab_size, config.hidden_size)}
    shapes |= all_vectors(config)
    shapes |= {f"{key}.weight": shape for key, shape in all_matrices(config).items()}
    return shapes


def import_huggingface(
    source: Path | str,
    target: Path | str,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write the Sterna model folder `target` from the checkpoint folder `source`.

    `progress` is told the layers done and the layers in all. Raises `InputError` as
    `open_huggingface` does; nothing is written then.
    """
    save_model(open_huggingface(source), target, progress, sources=[Path(source)])


def open_huggingface(source: Path | str) -> MatMulFreeModel:
    """The model of a checkpoint folder, without number formats.

    Reads config.json, model.safetensors (or its shards) and, where they are there, tokenizer.json,
    generation_config.json, tokenizer_config.json (begin token, chat template) and
    chat_template.jinja. Latent weights in 16 or
    32 bits are ternarised in float32 when they are asked for, one tensor at a time, so that memory
    holds a layer and not the model. Raises `InputError` naming the file or the tensor that is
    missing, superfluous, misshapen, not finite or not supported.
    """
    source = Path(source)
    if not os.path.isdir(source):
        raise InputError(f"{source}: no such folder; give the folder of a checkpoint")
    manifest = read_manifest(source)
    if manifest is not None:
        raise InputError(f"{source}: holds a {manifest['format']} already; use it as it is, or "
                         "give the folder of the checkpoint that it was made of")
    told = None if os.path.lexists(source / CONFIG_FILE) else told_of_folder(source)
    if told is not None:
        raise InputError(f"{source}: {told}")
    config = read_config(source / CONFIG_FILE)
    checkpoint = Checkpoint(source)
    checkpoint.check(expected_tensors(config))
    path = source / TOKENIZER_FILE
    tokenizer = _open_tokenizer(path, config) if os.path.lexists(path) else None
    config = _with_begin(config, source / TOKENIZER_SETTINGS, tokenizer)
    generation = {}
    if os.path.lexists(source / GENERATION_FILE):
        generation = read_json(source / GENERATION_FILE)
    check_generation(config, generation, source / GENERATION_FILE)
    reader = LatentTensors(checkpoint.fetch, str(source))
    made = assemble(config, reader, None if tokenizer is None else path, generation)
    return replace(made, chat=read_chat(source))


def _with_begin(config: ModelConfig, path: Path, tokenizer: Tokenizer | None) -> ModelConfig:
    """The configuration with the begin token that the tokenizer's settings put in front."""
    if not os.path.lexists(path):
        return config
    settings = read_json(path)
    try:
        begins = begins_with_token(settings)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    if begins is None:
        return config
    word = begin_word(settings) if begins else None
    token = None if word is None or tokenizer is None else tokenizer.token_of(word)
    if begins and token is None and (token := config.bos_token_id) is None:
        raise InputError(f"{path}: puts a begin token in front, and names none that is in "
                         f"{TOKENIZER_FILE}; name it by bos_token_id in {CONFIG_FILE}")
    return replace(config, bos_token_id=token)


def _open_tokenizer(path: Path, config: ModelConfig) -> Tokenizer:
    tokenizer = Tokenizer.from_file(path)
    size = tokenizer.vocabulary_size
    if size > config.vocab_size:
        raise InputError(
            f"{path}: has {size} tokens, the model's vocabulary is {config.vocab_size}; use the "
            "tokenizer of this checkpoint"
        )
    return tokenizer
