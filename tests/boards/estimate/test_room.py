"""Units that a program adds to a board's shape are as wide as there is block RAM for."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sterna.cli.application import run_arguments
from sterna.compiler.fit import fit_machine
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.model import open_model
from sterna.program.definition import Program
from sterna_boards.board import Board
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.memory_map import memory_map
from sterna_boards.estimate.model import estimate
from sterna_boards.estimate.ram_totals import total_block_rams
from sterna_boards.estimate.room import fit_on

ULX3S = find_board("ulx3s-85f")


@pytest.fixture(scope="module")
def spiking() -> Program:
    opened = open_model("demo-spiking")
    return lower(opened.model, name=opened.name)


def with_rams(count: int) -> Board:
    return replace(ULX3S, capacity=replace(ULX3S.capacity, block_rams=count))


def test_the_shipped_mixture_fits_its_board(spiking: Program) -> None:
    found = estimate(ULX3S, spiking)
    assert found.fits
    assert found.machine == fit_on(ULX3S, spiking, ULX3S.with_rate(ULX3S.machine()))


def test_a_wide_machine_gives_the_mixture_fewer_neuron_lanes(spiking: Program) -> None:
    wide = replace(ULX3S, shape=replace(ULX3S.shape, vector_lanes=16))
    found = estimate(wide, spiking)
    assert found.fits
    assert found.machine.neurons.lanes < found.machine.vector.lanes == 16


def test_as_wide_as_there_is_room(spiking: Program) -> None:
    """The usual width where it fits, each narrower one where only that does."""
    base = ULX3S.machine()
    usual = fit_machine(spiking, base)
    lanes, seen = base.vector.lanes, []
    while lanes:
        machine = fit_machine(spiking, replace(base, units=(
            *base.units, replace(usual.neurons, lanes=lanes))))
        rams = total_block_rams("ecp5", machine, memory_map("ecp5", machine, {}))
        seen.append((lanes, rams))
        lanes //= 2
    assert usual.neurons.lanes == seen[0][0]
    for lanes, count in seen:
        widest = max(wide for wide, needs in seen if needs <= count)
        assert fit_on(with_rams(count), spiking, base).neurons.lanes == widest >= lanes


def test_what_fits_nowhere_is_told_of_the_usual_width(spiking: Program) -> None:
    board = with_rams(20)
    assert fit_on(board, spiking, board.machine()) == fit_machine(spiking, board.machine())
    assert not estimate(board, spiking).fits


@pytest.mark.parametrize(("words", "fits", "lanes"), [
    (["rwkv4-tiny"], True, 8), (["rwkv4-tiny", "--vector-lanes", "16"], False, 16),
    (["demo", "--no-generate"], True, 16), (["demo"], True, 8),
    (["demo", "--texts", "4", "--no-generate"], True, 8)])
def test_fewer_vector_lanes_where_nobody_chose_them(capsys, words, fits, lanes) -> None:
    assert run_arguments(["estimate", *words, "--board", "ulx3s-85f", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    units = {unit["unit"]: unit for unit in found["configuration"]["units"]}
    assert (found["fits"], units["vector"]["lanes"]) == (fits, lanes)
