"""Runs the command line in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from sterna.cli import application


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
def sterna(capsys):
    """Call with the arguments after `sterna`."""

    def call(*arguments: object) -> Outcome:
        code = application.run_arguments([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call
