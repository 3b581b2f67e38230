"""A model with a chat template, for tests of conversations."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from sterna.chat.conversation import Chat
from sterna.families.matmul_free.store import load_model, save_model
from sterna.formats.chat import ChatTemplate
from sterna.formats.tokenizer import Tokenizer

WORDS = {"bos_token": "<s>", "eos_token": "</s>"}
TEMPLATE = ("{{ bos_token }}{% for message in messages %}{{ message.role }}: "
            "{{ message.content | trim }}{{ eos_token }}\n{% endfor %}"
            "{% if add_generation_prompt %}assistant:{% endif %}")


@cache
def tokenizer() -> Tokenizer:
    path = load_model("demo-tiny").tokenizer_path
    assert path is not None
    return Tokenizer.from_file(path)


def chat_of(template: str) -> Chat:
    return Chat(tokenizer(), ChatTemplate(template, WORDS), 1)


def save_chat_model(folder: Path, template: str = TEMPLATE) -> Path:
    """demo-tiny with a template."""
    save_model(replace(load_model("demo-tiny"), chat=ChatTemplate(template, WORDS)), folder)
    return folder
