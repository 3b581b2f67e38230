"""Fit is one thing: estimate, build and rtl place a model alike, and refuse what has no room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sterna.errors import InputError
from sterna.families import on_board
from sterna.families.matmul_free.model import open_model, open_shape
from sterna.families.matmul_free.names import SHIPPED as LANGUAGE_MODELS
from sterna.families.matmul_free.released_shapes import SHAPES
from sterna.families.model import ProgramModel
from sterna.families.requests import BuildRequest, EstimateRequest, ExportRequest
from sterna.families.spiking.model import open_example
from sterna.families.spiking.names import SHIPPED as NETWORKS
from sterna.machine.machine import Machine
from sterna.progress import Report
from sterna_boards.board import Board
from sterna_boards.catalogue import BOARDS, find_board

FITS = {
    **dict.fromkeys(SHAPES, {"kv260", "alveo-u250", "alveo-u280"}),
    "demo": {"ulx3s-85f", "orangecrab-85f", "ecpix5-85f", "arty-a7-100t", "kv260", "alveo-u250",
             "alveo-u280", "d5005"},
    "demo-tiny": set(BOARDS),
}
OPENED = {**dict.fromkeys(SHAPES, open_shape), **dict.fromkeys(LANGUAGE_MODELS, open_model),
          **dict.fromkeys(NETWORKS, open_example)}


class Begun(Exception):
    """The tools were called."""


MIDDLE = "1.3b"
"""Between two others."""


@pytest.fixture(scope="module", params=[
    pytest.param(name, marks=[pytest.mark.long] * (name == MIDDLE)) for name in OPENED])
def model(request: pytest.FixtureRequest) -> Iterator[ProgramModel]:
    opened = OPENED[request.param](request.param)
    yield opened
    opened.close()


def taken(model: ProgramModel, board: Board, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The machine that `build` or `rtl` goes on with. Raises `InputError`."""
    if board.project:
        request = ExportRequest(model=model.name, board=board.name)
        return on_board.export(model, request, Report()).machine
    found: list[Machine] = []

    def accelerator(board: Board, machine: Machine, *_: object) -> None:
        found.append(machine)
        raise Begun

    monkeypatch.setattr("sterna_boards.model_build.accelerator", accelerator)
    with pytest.raises(Begun):
        on_board.build(model, BuildRequest(model=model.name, board=board.name), board, Report())
    return found[0]


@pytest.mark.parametrize("name", BOARDS)
def test_the_commands_agree(model: ProgramModel, name: str,
                            monkeypatch: pytest.MonkeyPatch) -> None:
    board = find_board(name)
    found = on_board.estimate(model, EstimateRequest(model=model.name, board=name), board).found
    if found.fits:
        assert taken(model, board, monkeypatch) == found.machine
    else:
        with pytest.raises(InputError) as refused:
            taken(model, board, monkeypatch)
        assert f"{name}: {model.lowered.name} does not fit: {'; '.join(found.short)}; give" in str(
            refused.value)
    if model.name in FITS:
        assert found.fits == (name in FITS[model.name]), found.short
