"""The estimate: against the measured builds, and what it does with boards that are too small."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import replace
from functools import cache

import pytest
from sterna.cli.model_argument import open_model
from sterna.compiler.compile import compile_program
from sterna.compiler.image import MemoryImage
from sterna.compiler.lowering import lower
from sterna.errors import InputError
from sterna.program.definition import Program
from sterna_boards.baseline import Measured, read_baseline
from sterna_boards.catalogue import find_board
from sterna_boards.estimate import choose_lanes, estimate

MEASURED = list(read_baseline().values())
SECONDS = 2.0


@cache
def _program(name: str) -> Program:
    return lower(open_model(name).model, name=name)


@pytest.mark.parametrize("entry", MEASURED, ids=lambda entry: entry.board)
def test_estimate_agrees_with_the_build(entry: Measured) -> None:
    found = estimate(find_board(entry.board), _program(entry.model), entry.configuration,
                     clock_hz=entry.clock_mhz * 1e6)
    assert found.configuration == entry.configuration
    assert found.speed.cycles_per_token == pytest.approx(entry.cycles_per_token, rel=0.1)
    assert found.luts == pytest.approx(entry.luts, rel=0.2)
    assert found.ffs == pytest.approx(entry.ffs, rel=0.2)
    assert found.block_rams == pytest.approx(entry.block_rams, rel=0.2)
    assert found.dsps == entry.dsps
    assert found.fits


@pytest.mark.parametrize("entry", MEASURED, ids=lambda entry: entry.board)
def test_measured_boards_meet_timing(entry: Measured) -> None:
    assert entry.timing_met and len(entry.fmax_mhz) >= 3


def test_image_bytes_are_those_of_the_image() -> None:
    program = _program("demo")
    found = estimate(find_board("ulx3s-85f"), program)
    image: MemoryImage = compile_program(program, found.configuration)
    assert found.image_bytes == sum(part.array().size for part in image.parts.values())
    assert found.embedding == image.placement == "host"
    assert found.luts == pytest.approx(sum(found.units.values()), abs=len(found.units))


def test_what_does_not_fit_is_said() -> None:
    found = estimate(find_board("tang-nano-9k"), _program("demo"))
    assert not found.fits
    assert any(clause.endswith("of 26 block RAMs") for clause in found.short)


def test_auto_takes_the_most_lanes_that_fit() -> None:
    board, program = find_board("ulx3s-12f"), _program("demo-tiny")
    base = board.shape.configuration()
    chosen = estimate(board, program, choose_lanes(board, program, base))
    assert chosen.fits and chosen.lanes >= board.shape.rows * board.shape.columns
    with pytest.raises(InputError, match="no engine fits with vector_lanes = 4"):
        choose_lanes(replace(board, capacity=replace(board.capacity, luts=1000)), program, base)


def test_lanes_can_be_asked_for() -> None:
    board, program = find_board("orangecrab-85f"), _program("demo-tiny")
    base = board.shape.configuration()
    assert choose_lanes(board, program, base, 256).lanes == 256
    with pytest.raises(InputError, match="lanes: 100 are not rows"):
        choose_lanes(board, program, base, 100)


def test_command_takes_less_than_two_seconds_and_no_pytorch() -> None:
    code = ("import sys; from sterna.cli.application import run_arguments; "
            "status = run_arguments(['estimate', 'demo', '--board', 'ulx3s-85f', '--json']); "
            "assert 'torch' not in sys.modules and 'amaranth' not in sys.modules; "
            "sys.exit(status)")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["board"] == "ulx3s-85f"
    # Time on a processor: other tests use the cores too.
    assert after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime < SECONDS
