"""What the files of a checkpoint say of texts: every field, right and wrong."""

from __future__ import annotations

from typing import Any

import pytest
from sterna.errors import InputError
from sterna.formats.generation import (
    Generation,
    begin_word,
    begins_with_token,
    ignored,
    read_generation,
)


def read(**settings: Any) -> Generation:
    return read_generation(1, (2,), settings, 100)


@pytest.mark.parametrize(("settings", "expected"), [
    ({}, Generation(1, (2,))),
    ({"eos_token_id": 7}, Generation(1, (7,))),
    ({"eos_token_id": [7, 2, 7]}, Generation(1, (7, 2))),
    ({"eos_token_id": []}, Generation(1, ())),
    ({"eos_token_id": None}, Generation(1, (2,))),
    ({"do_sample": True}, Generation(1, (2,), 1.0)),
    ({"do_sample": True, "temperature": 0.6, "top_k": 5, "top_p": 0.9},
     Generation(1, (2,), 0.6, 5, 0.9)),
    ({"temperature": 0.6}, Generation(1, (2,), 0.6)),
    ({"do_sample": False, "temperature": 0.6, "top_k": 50}, Generation(1, (2,), 0.0, 50)),
    ({"top_k": 50, "top_p": 1}, Generation(1, (2,), 0.0, 50)),
    ({"top_k": 0}, Generation(1, (2,))),
    ({"top_k": None, "top_p": None, "temperature": None, "do_sample": None}, Generation(1, (2,))),
    ({"bos_token_id": 9, "transformers_version": "4.1", "max_length": 20}, Generation(1, (2,))),
])
def test_settings(settings: dict, expected: Generation) -> None:
    found = read(**settings)
    assert found == expected
    assert Generation.from_dict(found.to_dict()) == found


NO_NUMBERS = ("x", True, [1], {}, float("nan"), float("inf"), -1)
WRONG = {
    "eos_token_id": ("x", True, 1.5, -1, 100, 1 << 70, [1, "x"], [[1]], [100], {}, float("nan")),
    "temperature": (*NO_NUMBERS, 1e9, 10**400),
    "top_k": (*NO_NUMBERS, 1.5, 1 << 31),
    "top_p": (*NO_NUMBERS, 0, 1.01),
    "do_sample": ("x", 0, 1, [True]),
}


@pytest.mark.parametrize(("name", "value"), [
    (name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_value_is_one_line_with_its_name(name: str, value: object) -> None:
    with pytest.raises(InputError) as caught:
        read(**{name: value})
    assert name in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["begin", "ends", "temperature", "top_k", "top_p"])
@pytest.mark.parametrize("value", ["x", 1.5, -1, float("nan"), {}, True])
def test_stored_facts_are_checked(name: str, value: object) -> None:
    facts = {**Generation(1, (2,)).to_dict(), name: value}
    if name == "temperature" and value == 1.5:
        return
    with pytest.raises(InputError, match=name):
        Generation.from_dict(facts)


@pytest.mark.parametrize("facts", [{}, {"begin": 1, "end": 2}, {"ends": None}, {"ends": 3}])
def test_stored_facts_must_be_there(facts: dict) -> None:
    with pytest.raises(InputError, match="missing or wrong|ends is"):
        Generation.from_dict(facts)


@pytest.mark.parametrize(("settings", "expected"), [
    ({}, None), ({"add_bos_token": True}, True), ({"add_bos_token": False}, False),
    ({"add_bos_token": None, "bos_token": "<s>"}, None), ({"bos_token": None}, False),
    ({"bos_token": None, "add_bos_token": True}, True),
])
def test_begin_token(settings: dict, expected: bool | None) -> None:
    assert begins_with_token(settings) is expected


@pytest.mark.parametrize("value", ["yes", 1, 0, []])
def test_begin_token_is_a_switch(value: object) -> None:
    with pytest.raises(InputError, match="add_bos_token is"):
        begins_with_token({"add_bos_token": value})


def test_begin_word() -> None:
    assert begin_word({"bos_token": "<s>"}) == "<s>"
    assert begin_word({"bos_token": {"content": "<s>", "lstrip": False}}) == "<s>"
    for other in ({}, {"bos_token": None}, {"bos_token": 3}, {"bos_token": {"lstrip": False}}):
        assert begin_word(other) is None


def test_what_is_not_read_is_known() -> None:
    assert ignored({"repetition_penalty": 1.2, "num_beams": 1, "min_p": None, "top_k": 3}) == [
        "repetition_penalty 1.2"]
