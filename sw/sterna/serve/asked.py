"""Bodies of requests, read: what is asked for, or which parameter is wrong.

A parameter that would change the answer and is not there is refused by its name, unless it has the
value that changes nothing.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sterna.chat.conversation import ASSISTANT, SYSTEM, USER, Message
from sterna.errors import InputError
from sterna.formats.text import check_characters
from sterna.law.sampling import SEED_BITS, Sampling
from sterna.serve.errors import Refused, wrong

MOST_CHOICES, MOST_STOPS, MOST_STOP = 16, 16, 256
USUAL_COMPLETION = 16
"""Tokens of a completion that says nothing of it, as in OpenAI's interface."""
_IGNORED = {"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key"}
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "frequency_penalty": (0,), "presence_penalty": (0,), "logit_bias": ({},), "best_of": (1,),
    "echo": (False,), "suffix": ("",), "tools": ([],), "tool_choice": ("none", "auto"),
    "functions": ([],), "function_call": ("none", "auto"), "parallel_tool_calls": (True, False),
    "response_format": ({"type": "text"},), "modalities": (["text"],), "audio": (),
    "prediction": (), "reasoning_effort": (), "verbosity": (), "web_search_options": (),
}
_COMMON = {"model", "stream", "stream_options", "max_tokens", "temperature", "top_p", "top_k",
           "seed", "stop", "n", "logprobs"}
_IN_OPTIONS = {"include_usage", "include_obfuscation"}
_IN_MESSAGES = {"role", "content", "name", "refusal", "annotations", "reasoning_content"}
"""Of which the last four say nothing that a template takes."""
_NO_CALLS = {"tool_calls": ([],), "function_call": (), "audio": ()}
_ROLES = {"system": SYSTEM, "developer": SYSTEM, "user": USER, "assistant": ASSISTANT}


@dataclass(frozen=True)
class Usual:
    """What a model does unless a request says otherwise, and what the server allows."""

    model: str
    temperature: float
    top_k: int | None
    top_p: float
    most_tokens: int
    candidates: int


@dataclass(frozen=True)
class Asked:
    """What both kinds of requests have."""

    most: int
    sampling: Sampling
    stops: tuple[str, ...]
    choices: int
    streamed: bool
    with_usage: bool
    logprobs: int | None
    """How many alternatives of each token, None where no log-probabilities are wanted."""


@dataclass(frozen=True)
class Completion(Asked):
    """Texts, or ids, to be continued."""

    prompts: tuple[str | tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class ChatCompletion(Asked):
    """A conversation to be answered."""

    messages: tuple[Message, ...] = ()


def read_completion(body: bytes, usual: Usual) -> Completion:
    """Raises `Refused`."""
    values = _values(body, usual, {"prompt"})
    count = values.whole("logprobs", None, 0, usual.candidates)
    prompt = values.given.get("prompt", "")
    return Completion(**_asked(values, usual, values.whole(
        "max_tokens", min(USUAL_COMPLETION, usual.most_tokens), 0, usual.most_tokens), count),
        prompts=_prompts(prompt))


def read_chat(body: bytes, usual: Usual) -> ChatCompletion:
    """Raises `Refused`."""
    values = _values(body, usual, {"messages", "max_completion_tokens", "top_logprobs"})
    name = "max_completion_tokens" if "max_completion_tokens" in values.given else "max_tokens"
    most = values.whole(name, usual.most_tokens, 0, usual.most_tokens)
    wanted = values.switch("logprobs")
    count = values.whole("top_logprobs", 0, 0, usual.candidates)
    if "top_logprobs" in values.given and not wanted:
        raise wrong("top_logprobs", "is for requests with logprobs true")
    return ChatCompletion(**_asked(values, usual, most, count if wanted else None),
                          messages=_messages(values.given.get("messages")))


class _Values:
    """Parameters that were given, null left out."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = {name: value for name, value in given.items() if value is not None}

    def whole(self, name: str, usual: int | None, least: int, most: int) -> int | None:
        """A whole number."""
        value = self.given.get(name, usual)
        if value is None or type(value) is int and least <= value <= most:
            return value
        raise wrong(name, f"is {_short(value)}; it must be a whole number from {least} to {most}")

    def number(self, name: str, usual: float) -> float:
        """A number."""
        value = self.given.get(name, usual)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        raise wrong(name, f"is {_short(value)}; it must be a number")

    def switch(self, name: str) -> bool:
        """True or false, which it is if nothing is said."""
        value = self.given.get(name, False)
        if isinstance(value, bool):
            return value
        raise wrong(name, f"is {_short(value)}; it must be true or false")


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _values(body: bytes, usual: Usual, own: set[str]) -> _Values:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "the body is no JSON", code="invalid_json") from None
    if not isinstance(given, dict):
        raise Refused(400, "the body is no JSON object", code="invalid_json")
    values = _Values(given)
    model = values.given.get("model")
    if not isinstance(model, str):
        raise wrong("model", f"give the name of the model, {usual.model!r}")
    if model != usual.model:
        raise Refused(404, f"model: {_short(model)} is not here; there is {usual.model!r}",
                      param="model", code="model_not_found")
    for name, value in values.given.items():
        if name in _NEUTRAL:
            if not _is_neutral(value, _NEUTRAL[name]):
                raise Refused(400, f"{name}: is not there; leave it out", param=name,
                              code="unsupported_parameter")
        elif name not in _COMMON | _IGNORED | own:
            raise Refused(400, f"{name}: no such parameter", param=name, code="unknown_parameter")
    return values


def _is_neutral(value: Any, neutral: tuple[Any, ...]) -> bool:
    """Whether it is one of these; 0 is not false, and 0.0 is 0."""
    return any(value == item and isinstance(value, bool) == isinstance(item, bool)
               for item in neutral)


def _asked(values: _Values, usual: Usual, most: int | None, logprobs: int | None
           ) -> dict[str, Any]:
    seed = values.whole("seed", None, -(1 << 63), (1 << 63) - 1)
    top_k = values.whole("top_k", usual.top_k, 1, 1 << 31)
    try:
        sampling = Sampling(
            values.number("temperature", usual.temperature), top_k,
            values.number("top_p", usual.top_p),
            secrets.randbits(63) if seed is None else seed % (1 << SEED_BITS), or_all=True)
    except InputError as error:
        raise Refused(400, str(error), param=str(error).split()[0].replace("-", "_"),
                      code="invalid_value") from None
    options = values.given.get("stream_options", {})
    if (not isinstance(options, dict) or not options.keys() <= _IN_OPTIONS
            or not all(isinstance(value, bool | None) for value in options.values())):
        raise wrong("stream_options", f"must be an object; true or false are there "
                                      f"{' and '.join(sorted(_IN_OPTIONS))}")
    return {
        "most": most, "sampling": sampling, "stops": _stops(values.given.get("stop", [])),
        "choices": values.whole("n", 1, 1, MOST_CHOICES), "streamed": values.switch("stream"),
        "with_usage": options.get("include_usage") is True, "logprobs": logprobs}


def _stops(value: Any) -> tuple[str, ...]:
    stops = [value] if isinstance(value, str) else value
    if (not isinstance(stops, list) or len(stops) > MOST_STOPS
            or not all(isinstance(stop, str) and 0 < len(stop) <= MOST_STOP for stop in stops)):
        raise wrong("stop", f"must be a string, or a list of at most {MOST_STOPS}, each of 1 to "
                            f"{MOST_STOP} characters")
    try:
        for stop in stops:
            check_characters(stop, "a string in it")
    except InputError as error:
        raise wrong("stop", str(error)) from None
    return tuple(stops)


def _prompts(value: Any) -> tuple[str | tuple[int, ...], ...]:
    """One text or several, one list of ids or several."""
    items = [value] if isinstance(value, str) or _is_ids(value) else value
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_CHOICES or not all(
            isinstance(item, str) or _is_ids(item) for item in items):
        raise wrong("prompt", f"must be a text, a list of token ids, or a list of up to "
                              f"{MOST_CHOICES} of these")
    return tuple(item if isinstance(item, str) else tuple(item) for item in items)


def _is_ids(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(type(item) is int for item in value)


def _messages(value: Any) -> tuple[Message, ...]:
    if not isinstance(value, list) or not value:
        raise wrong("messages", "must be a list of messages, at least one")
    return tuple(_message(f"messages[{place}]", item) for place, item in enumerate(value))


def _message(name: str, value: Any) -> Message:
    role = value.get("role") if isinstance(value, dict) else None
    if not isinstance(role, str) or role not in _ROLES:
        raise wrong("messages", f"{name} has no role of {', '.join(_ROLES)}")
    if not isinstance(value.get("name", ""), str | None):
        raise wrong("messages", f"{name}: \"name\" is no string")
    for field, item in value.items():
        if (field not in _IN_MESSAGES and item is not None
                and not _is_neutral(item, _NO_CALLS.get(field, ()))):
            raise wrong("messages", f"{name}: {_short(field)} is not there; leave it out")
    content = value.get("content")
    if isinstance(content, list):
        parts = [item["text"] for item in content if isinstance(item, dict)
                 and item.get("type") == "text" and isinstance(item.get("text"), str)]
        content = "".join(parts) if len(parts) == len(content) else None
    if not isinstance(content, str):
        raise wrong("messages", f"{name} has no text as its content")
    return Message(_ROLES[role], content)
