"""Every field of a request with every kind of value: taken, or one error by its name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sterna.serve.asked import (
    _COMMON,
    _IGNORED,
    _IN_MESSAGES,
    _IN_OPTIONS,
    _NEUTRAL,
    _NO_CALLS,
    Asked,
    Usual,
    read_chat,
    read_completion,
)
from sterna.serve.errors import MOST_MESSAGE, Refused

USUAL = Usual("demo", 0.0, None, 1.0, 100, 8)
VALUES: tuple[Any, ...] = (
    True, False, 0, 1, -1, 2, 0.5, 1e308, float("nan"), float("inf"), 10**30, -10**30, 10**400, "",
    "x", "\ud800", "\0", "\u2028", "x" * 5000, [], [[]], [""], ["x"], ["\ud800"], [1], [-1], [1.5],
    [None], [True], [{}], [["x"]], [[[[]]]], {}, {"a": 1}, {"\ud800": 1}, {"type": "text"},
    {"type": ["text"]})
MESSAGE = {"role": "user", "content": "x"}
READERS: dict[str, tuple[Callable[[bytes, Usual], Asked], dict[str, Any]]] = {
    "completion": (read_completion, {"model": "demo", "prompt": "x"}),
    "chat": (read_chat, {"model": "demo", "messages": [MESSAGE]})}
NAMES = ("nonsense", "", "\ud800", "a\0b", "x" * 5000)
_NUMBERS = ["max_tokens", "temperature", "top_p", "top_k", "seed", "n", "logprobs"]


def read(kind: str, **values: Any) -> Asked | Refused:
    """What a request asks for, or its error, which JSON of UTF-8 can say in a short line."""
    reader, usual = READERS[kind]
    try:
        return reader(json.dumps({**usual, **values}).encode(), USUAL)
    except Refused as error:
        found = json.loads(json.dumps(error.body, ensure_ascii=False).encode())["error"]
        assert set(found) == {"message", "type", "param", "code"} and found["code"]
        assert 0 < len(found["message"]) <= MOST_MESSAGE and "\n" not in found["message"]
        return error


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("name", [
    *sorted(_COMMON | _IGNORED | _NEUTRAL.keys() | {
        "prompt", "messages", "max_completion_tokens", "top_logprobs"}), *NAMES],
    ids=lambda name: ascii(name)[:24])
def test_fields(kind, name):
    for value in VALUES:
        found = read(kind, **{name: value})
        if isinstance(found, Refused):
            assert found.status in (400, 404) and name not in _IGNORED
        elif name in _NUMBERS:
            assert not isinstance(value, str | list | dict)
            assert not isinstance(value, bool) or (kind, name) == ("chat", "logprobs")
        else:
            assert name not in NAMES


@pytest.mark.parametrize("name", [*sorted(_IN_MESSAGES | _NO_CALLS.keys()), *NAMES],
                         ids=lambda name: ascii(name)[:24])
def test_fields_of_a_message(name):
    for value in VALUES:
        if not isinstance(read("chat", messages=[{**MESSAGE, name: value}]), Refused):
            assert name in _IN_MESSAGES or (name, value) == ("tool_calls", [])
            assert name not in ("role", "name") or isinstance(value, str)
            assert name != "content" or isinstance(value, str | list)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: ascii(value)[:24])
def test_what_is_no_message_and_no_part_of_one(value):
    for wrong in ([value], [MESSAGE, value], [{"role": "user", "content": [value]}],
                  [{"role": "user", "content": [{"type": value, "text": "x"}]}]):
        assert isinstance(read("chat", messages=wrong), Refused)
    found = read("chat", messages=[{"role": "user", "content": [{"type": "text", "text": value}]}])
    assert isinstance(found, Refused) != isinstance(value, str)


@pytest.mark.parametrize("kind", READERS)
def test_options_of_a_stream(kind):
    for name in (*_IN_OPTIONS, *NAMES):
        for value in VALUES:
            found = read(kind, stream_options={name: value})
            assert isinstance(found, Refused) != (name in _IN_OPTIONS and isinstance(value, bool))


def test_what_changes_nothing_is_of_its_type():
    for name, neutral in _NEUTRAL.items():
        for value in neutral:
            assert not isinstance(read("chat", **{name: value}), Refused)
        for value in (0, 1, True, False):
            if type(value) not in {type(item) for item in neutral}:
                assert isinstance(read("chat", **{name: value}), Refused)
