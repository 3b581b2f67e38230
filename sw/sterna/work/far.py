"""A task on a worker of a cluster: what was sent is unpacked, what was made and told is packed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sterna.cache import cached_folder
from sterna.cache_folder import cache_folder
from sterna.errors import InputError
from sterna.unfinished import write_whole
from sterna.work.alike import version
from sterna.work.logged import logged_answer
from sterna.work.sent import arrived, cache_name, packed, unpack
from sterna.work.task import Task


def order(task: Task, sent: Mapping[str, tuple[str, str, Any]]) -> dict[str, Any]:
    """What a worker is told; ``sent`` are names, digests and bytes of files by the argument."""
    return {"call": task.call, "arguments": dict(task.arguments), "log": task.log.name,
            "makes": task.makes, "sent": dict(sent), "cache": cache_name(), "version": version()}


def done(asked: Mapping[str, Any], data: Callable[[Any], bytes]) -> dict[str, Any]:
    """The answer, with the ``folders`` that were made and the ``files`` that its error names.

    ``data`` gets bytes that were sent. Paths in it are those of the one who asked.
    """
    if asked["version"] != version():
        return {"error": f"a worker has sterna {version()}, here it is {asked['version']}; install "
                         "the same there", "exit_code": InputError.exit_code}
    arguments, places = dict(asked["arguments"]), {}
    for argument, (name, content, sent) in asked["sent"].items():
        path = arrived(name, content, lambda sent=sent: data(sent))
        places[str(path)] = str(arguments[argument])
        arguments[argument] = str(path)
    found = logged_answer(asked["call"], arguments, cache_folder() / "log" / asked["log"])
    found = _renamed(found, places)
    if asked["cache"] == cache_name():
        return found
    root = cache_folder()
    named = _named(found.get("error", ""))
    return found | {
        "cache": str(root),
        "files": {str(path.relative_to(root)): path.read_bytes() for path in named},
        "folders": {made: packed(root / made) for made in asked["makes"]
                    if "error" not in found and (root / made).is_dir()}}


def taken(answered: dict[str, Any]) -> dict[str, Any]:
    """The answer here, with what came along in the cache."""
    for name, text in answered.pop("files", {}).items():
        write_whole(cache_folder() / name, text.decode("utf-8", "replace"))
    for made, data in answered.pop("folders", {}).items():
        kind, _, name = made.rpartition("/")

        def make(folder: Path, data: bytes = data, name: str = name) -> None:
            unpack(data, folder)
            for item in (folder / name).iterdir():
                item.rename(folder / item.name)
            (folder / name).rmdir()

        cached_folder(kind, name, make)
    cache = answered.pop("cache", None)
    return answered if cache is None else _renamed(answered, {cache: str(cache_folder())})


def _named(error: str) -> list[Path]:
    """Files of the cache in a message."""
    found = re.findall(re.escape(str(cache_folder())) + r"/[^\s;,()]+", error)
    return [path for path in map(Path, found) if path.is_file()]


def _renamed(found: dict[str, Any], places: Mapping[str, str]) -> dict[str, Any]:
    text = json.dumps(found)
    for there, here in places.items():
        text = text.replace(json.dumps(there)[1:-1], json.dumps(here)[1:-1])
    return json.loads(text)
