"""How texts of a model begin, end and are sampled, as the files of a checkpoint say it.

``generation_config.json`` goes before ``config.json`` as in the transformers library, and
``tokenizer_config.json`` says whether a text has a begin token in front.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sterna.errors import InputError

HIGHEST_TEMPERATURE = 100.0
IGNORED = {
    "repetition_penalty": (None, 1), "no_repeat_ngram_size": (None, 0), "num_beams": (None, 1),
    "min_p": (None, 0), "typical_p": (None, 1), "penalty_alpha": (None, 0),
    "encoder_repetition_penalty": (None, 1), "bad_words_ids": (None,), "suppress_tokens": (None,),
    "sequence_bias": (None,), "stop_strings": (None,), "min_length": (None, 0),
    "min_new_tokens": (None, 0), "forced_bos_token_id": (None,), "forced_eos_token_id": (None,),
}
"""Settings that would change a text and are not read, with the values that change nothing."""


@dataclass(frozen=True)
class Generation:
    """Token ids that frame a text, and what is sampled unless a user says otherwise.

    ``begin`` stands in front of every text, None for nothing; each of ``ends`` ends one.
    `temperature` 0 takes the best token; ``top_k`` may be more than a device has.
    """

    begin: int | None = None
    ends: tuple[int, ...] = ()
    temperature: float = 0.0
    top_k: int | None = None
    top_p: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """What `from_dict` reads."""
        return {**asdict(self), "ends": list(self.ends)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Generation:
        """Read what `to_dict` gave. Raises `InputError` naming what is missing or wrong."""
        try:
            given = cls(**{**values, "ends": _ends(values["ends"])})
        except (KeyError, TypeError) as error:
            raise InputError(f"generation: {error} is missing or wrong") from None
        if given.begin is not None:
            _token("begin", given.begin, None)
        _checked(given)
        return given


def tokens_of(name: str, value: object, vocabulary: int | None) -> tuple[int, ...]:
    """Ids below ``vocabulary``: one, a list, or None for none. Raises `InputError` for others."""
    values = value if isinstance(value, list | tuple) else [] if value is None else [value]
    return tuple(dict.fromkeys(_token(name, item, vocabulary) for item in values))


def read_generation(
    begin: int | None, ends: tuple[int, ...], settings: Mapping[str, Any], vocabulary: int
) -> Generation:
    """What ``generation_config.json``, as ``settings``, makes of the tokens of ``config.json``.

    Its end tokens replace those of the configuration. Nothing is sampled where it says so or says
    nothing of it: ``do_sample`` false, or neither ``do_sample`` nor ``temperature``. Raises
    `InputError` naming the field.
    """
    if "eos_token_id" in settings and settings["eos_token_id"] is not None:
        ends = tokens_of("eos_token_id", settings["eos_token_id"], vocabulary)
    samples, temperature = _switch(settings, "do_sample"), settings.get("temperature")
    usual = 1.0 if samples else 0.0
    top_k, top_p = settings.get("top_k"), settings.get("top_p")
    read = Generation(begin, ends, usual if temperature is None else temperature,
                      None if top_k == 0 else top_k, 1.0 if top_p is None else top_p)
    _checked(read)
    # As in transformers, 0 turns top_k off; a temperature counts only where there is sampling.
    return read if samples is not False else Generation(begin, ends, 0.0, read.top_k, read.top_p)


def begins_with_token(settings: Mapping[str, Any]) -> bool | None:
    """Whether ``tokenizer_config.json`` puts a begin token in front; None where it does not say.

    Raises `InputError` naming the field.
    """
    adds = _switch(settings, "add_bos_token")
    if adds is None and "bos_token" in settings and settings["bos_token"] is None:
        return False
    return adds


def begin_word(settings: Mapping[str, Any]) -> str | None:
    """The begin token of ``tokenizer_config.json`` as text, where it names one."""
    word = settings.get("bos_token")
    if isinstance(word, Mapping):
        word = word.get("content")
    return word if isinstance(word, str) else None


def ignored(settings: Mapping[str, Any]) -> list[str]:
    """Settings of ``generation_config.json`` that would change a text and are not read."""
    return [f"{name} {settings[name]!r}" for name, usual in IGNORED.items()
            if name in settings and settings[name] not in usual]


def _ends(values: object) -> tuple[int, ...]:
    if not isinstance(values, list):
        raise InputError(f"ends is {values!r}; it must be a list of token ids")
    return tokens_of("ends", values, None)


def _switch(settings: Mapping[str, Any], name: str) -> bool | None:
    value = settings.get(name)
    if value is not None and not isinstance(value, bool):
        raise InputError(f"{name} is {value!r}; it must be true or false")
    return value


def _checked(given: Generation) -> None:
    rules: Iterable[tuple[str, object, bool, str]] = (
        ("temperature", given.temperature,
         _is_number(given.temperature) and 0 <= given.temperature <= HIGHEST_TEMPERATURE,
         f"between 0 and {HIGHEST_TEMPERATURE:g}"),
        ("top_k", given.top_k, given.top_k is None or (
            type(given.top_k) is int and 1 <= given.top_k < 1 << 31), "a whole number, 1 or more"),
        ("top_p", given.top_p, _is_number(given.top_p) and 0 < given.top_p <= 1,
         "above 0 and at most 1"),
    )
    for name, value, right, rule in rules:
        if not right:
            raise InputError(f"{name} is {value!r}; it must be {rule}")


def _token(name: str, value: object, vocabulary: int | None) -> int:
    if type(value) is not int or value < 0:
        raise InputError(f"{name} is {value!r}; token ids are whole numbers, 0 or more")
    if vocabulary is not None and value >= vocabulary:
        raise InputError(f"{name} is {value}, outside the vocabulary of {vocabulary}")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
