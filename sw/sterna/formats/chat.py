"""Chat templates as checkpoints have them, and as model folders keep them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sterna.errors import InputError
from sterna.reading import read_bytes, read_json

CHAT_FILE = "chat_template.json"
TEMPLATE_FILE, SETTINGS_FILE = "chat_template.jinja", "tokenizer_config.json"
MOST_TEMPLATE = 1 << 20
"""Bytes of the largest template."""
_WORDS = ("bos_token", "eos_token", "unk_token", "pad_token")


@dataclass(frozen=True)
class ChatTemplate:
    """A template of jinja2, and the control tokens that it names, as text."""

    template: str
    words: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """What `from_dict` reads."""
        return {"template": self.template, "words": dict(self.words)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], name: str) -> ChatTemplate:
        """Raises `InputError` for what is no template."""
        template, words = values.get("template"), values.get("words")
        if (not isinstance(template, str) or not isinstance(words, dict)
                or not all(isinstance(word, str) for word in words.values())):
            raise InputError(f"{name}: is no chat template; import the model again")
        return cls(template, words)


def read_chat(folder: Path) -> ChatTemplate | None:
    """The template of a checkpoint's folder, ``chat_template.jinja`` before that of
    ``tokenizer_config.json``, of several the default one; None where there is none.

    Raises `InputError` naming the file.
    """
    path = folder / SETTINGS_FILE
    settings = read_json(path) if os.path.lexists(path) else {}
    if os.path.lexists(folder / TEMPLATE_FILE):
        path = folder / TEMPLATE_FILE
        try:
            template: Any = read_bytes(path, MOST_TEMPLATE).decode()
        except UnicodeDecodeError:
            raise InputError(f"{path}: is not UTF-8 text") from None
    else:
        template = settings.get("chat_template")
    if isinstance(template, list):
        named = {item.get("name"): item.get("template") for item in template
                 if isinstance(item, dict)}
        template = named.get("default")
    if template is None:
        return None
    if not isinstance(template, str) or len(template) > MOST_TEMPLATE:
        raise InputError(f"{path}: its chat_template is no text of at most {MOST_TEMPLATE} bytes")
    return ChatTemplate(template, {name: word for name in _WORDS
                                   if (word := _word(settings.get(name))) is not None})


def _word(value: object) -> str | None:
    if isinstance(value, Mapping):
        value = value.get("content")
    return value if isinstance(value, str) else None
