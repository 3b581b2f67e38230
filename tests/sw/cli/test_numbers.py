"""Every option that is a number has bounds, and takes what people write as numbers."""

from __future__ import annotations

import inspect
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sterna.cli.application import application
from sterna.cli.commands import COMMANDS
from sterna.errors import InputError
from sterna.families.registry import options_of
from sterna.numerals import real, whole
from sterna.options import Declared, declared

NUMBERS: dict[str, tuple[str, Declared]] = {
    f"{request.command} {item.flag} of {item.owner}": (request.command, item)
    for request, _ in COMMANDS for item in (*declared(request), *options_of(request.command))
    if item.number is not None
}
LEAST = {"run": ["demo-tiny"], "verify": ["demo-tiny"], "bench": ["demo-tiny"],
         "eval": ["demo-tiny"], "program": ["demo-tiny"], "simulate": ["demo-tiny"],
         "estimate": ["demo-tiny"], "rtl": ["demo-tiny", "-o", "out"],
         "build": ["demo-tiny", "--board", "ulx3s-85f"], "import": ["net.py:make_net", "-o", "out"],
         "sweep": ["demo-tiny", "--board", "ulx3s-85f"],
         "report": ["demo-tiny", "--board", "ulx3s-85f", "-o", "out"],
         "chat": ["demo-tiny"], "serve": ["demo-tiny"]}
"""What each command needs besides."""


def test_the_options_of_the_command_line_are_these() -> None:
    """Whatever typer is told of, so that none has a parser of its own."""
    found = set()
    for command in application().registered_commands:
        for item in inspect.signature(command.callback).parameters.values():
            if {int, float} & {item.annotation, *get_args(item.annotation)}:
                assert item.default.parser is not None, (command.name, item.name)
                found.add((command.name, item.name))
    assert found == {(command, item.name) for command, item in NUMBERS.values()}
    assert len(found) > 60


@pytest.mark.parametrize(("command", "item"), NUMBERS.values(), ids=NUMBERS)
def test_bounds(command: str, item: Declared) -> None:
    about = item.declaration
    least, most = about.least, about.most
    assert least is not None and most is not None and least < most
    step: Any = 1 if item.number is int else 1e-3
    good = [most, (least if not about.above else min(most, least + step))]
    bad = [least - step, most + max(step, most * 1e-3), -(10**30), 10**30, float("nan"),
           float("inf"), -float("inf"), True, "5", "", [5]]
    if item.number is int:
        good, bad = [int(value) for value in good], [*bad, 1.5]
    if about.above:
        bad.append(least)
    for value in (*good, None):
        item.check(value)
    for value in bad:
        with pytest.raises(InputError) as caught:
            item.check(value)
        assert str(caught.value).startswith(f"{item.flag.removeprefix('--')} is {value}; it must")


@pytest.mark.parametrize(("command", "item"), NUMBERS.values(), ids=NUMBERS)
def test_the_command_says_so_before_any_work(sterna, command: str, item: Declared) -> None:
    for text, message in (("1_000", "'1_000' is not a"), (str(10**30), None)):
        found = sterna(command, *LEAST[command], f"{item.flag}={text}")
        assert found.code == 2 and found.output == "" and found.errors.count("\n") == 1
        assert item.flag.removeprefix("--") in found.errors
        assert message is None or message in found.errors


@pytest.mark.parametrize("text", [
    "", " ", " 5", "5 ", "1_000", "1,000", "٣", "５", "²", "0x10", "1e", "e5", ".", "+", "--5",
    "5-", "nan", "inf", "-inf", "infinity", "NaN", "1\n", "1\0", "1" * 5000, "1/2", "1e5e5"])
def test_what_is_no_number(text: str) -> None:
    assert whole(text) is None and real(text) is None


@given(st.integers())
def test_whole_numbers(value: int) -> None:
    assert whole(str(value)) == value
    assert whole(f"{value}.0") is None and whole(f"{value}e1") is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_real_numbers(value: float) -> None:
    assert real(repr(value)) == value
    assert real(f"{value:.6e}") == float(f"{value:.6e}")


@given(st.text())
def test_any_text(text: str) -> None:
    for read in (whole, real):
        assert read(text) is None or set(text) <= set("0123456789+-.eE")
