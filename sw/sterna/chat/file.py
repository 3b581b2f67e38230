"""Conversations as files: JSON with a version, whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sterna.chat.conversation import ROLES, Message
from sterna.errors import InputError
from sterna.formats.text import check_characters
from sterna.reading import read_json, require_possible
from sterna.unfinished import write_whole

FORMAT, VERSION = "sterna conversation", 1
MOST_BYTES = 1 << 24


def save_conversation(path: Path, model: str, messages: Sequence[Message]) -> None:
    """Write a file, or replace an earlier conversation. Raises `InputError` for anything else that
    is there."""
    require_possible(path)
    if os.path.lexists(path) and not _is_ours(path):
        raise InputError(f"{path}: is there already, and no conversation; name another file")
    if not os.path.isdir(Path(os.path.realpath(path)).parent):
        raise InputError(f"{path}: cannot be written (there is no folder {path.parent})")
    values = {"format": FORMAT, "version": VERSION, "model": model,
              "messages": [asdict(item) for item in messages]}
    try:
        write_whole(path, json.dumps(values, indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None


def load_conversation(path: Path) -> list[Message]:
    """Read it back. Raises `InputError` for what is none, or of another version."""
    values = read_json(path, MOST_BYTES)
    if values.get("format") != FORMAT:
        raise InputError(f"{path}: is no conversation that /save wrote")
    version = values.get("version")
    if type(version) is not int or version != VERSION:
        raise InputError(f"{path}: is of version {version!r}, and this Sterna reads "
                         f"{VERSION}; save it again")
    messages: Any = values.get("messages")
    if not isinstance(messages, list) or not all(map(_is_message, messages)):
        raise InputError(f"{path}: its messages are damaged")
    for item in messages:
        check_characters(item["content"], f"{path}: a message")
    return [Message(**item) for item in messages]


def _is_message(item: Any) -> bool:
    return (isinstance(item, dict) and item.keys() == {"role", "content"}
            and all(isinstance(value, str) for value in item.values()) and item["role"] in ROLES)


def _is_ours(path: Path) -> bool:
    try:
        return read_json(path, MOST_BYTES).get("format") == FORMAT
    except InputError:
        return False
