"""Every golden value of the shipped models is what it was.

A restructuring keeps every digest. A change that is meant to change integers renews the table with
`python scripts/fingerprints.py golden > tests/sw/golden/stored_values.json` and says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.fingerprints import NETWORKS, TEXTS, golden_steps, golden_tokens

STORED: dict[str, str] = json.loads(
    (Path(__file__).parent / "stored_values.json").read_text())


def check(found: Iterator[tuple[str, str]], model: str) -> None:
    wanted = {name: digest for name, digest in STORED.items() if name.split()[1] == model}
    assert wanted
    assert dict(found) == wanted


@pytest.mark.parametrize("name", TEXTS)
def test_tokens_of_language_models(name: str) -> None:
    check(golden_tokens(name), name)


@pytest.mark.parametrize("name", NETWORKS)
def test_steps_of_networks(name: str) -> None:
    check(golden_steps(name), name)


def test_another_integer_is_another_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    from sterna.golden import arithmetic

    right = arithmetic.codes

    def wrong(*arguments):
        result = right(*arguments).clone()
        result[0, 0] += 1 if result[0, 0] < 127 else -1
        return result

    monkeypatch.setattr(arithmetic, "codes", wrong)
    found = dict(golden_tokens("demo", 1))
    assert any(STORED[name] != digest for name, digest in found.items())
    assert found.keys() == {name for name in STORED if name.startswith("golden demo ")}
