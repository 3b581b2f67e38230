"""What all tests share: the command line in this process, and tools that are always the same."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from sterna.cli import application, terminal
from sterna_boards.flows.open.tools import PACKAGES, variable


@pytest.fixture(autouse=True, scope="session")
def own_tools():
    """The tools that pip installed, whatever else the machine has or its user has chosen.

    A test that wants another sets its variable itself.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in (*map(variable, PACKAGES), "OPENFPGALOADER"):
            patch.delenv(name, raising=False)
        patch.setenv("AMARANTH_USE_YOSYS", "builtin")
        yield


@dataclass(frozen=True)
class Outcome:
    """Exit code and what was printed."""

    code: int
    output: str
    errors: str

    @property
    def json(self) -> dict:
        """The one object on standard output."""
        return json.loads(self.output)


@pytest.fixture
def sterna(capsys, monkeypatch):
    """Call with the arguments after `sterna`; however slow the machine is, progress is silent."""
    monkeypatch.setattr(terminal, "PATIENCE", 1e6)

    def call(*arguments: object) -> Outcome:
        code = application.run_arguments([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call
