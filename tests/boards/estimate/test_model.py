"""The estimate: against the measured builds, and what it does with boards that are too small."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from functools import cache

import pytest
from sterna.compiler.compile import compile_program
from sterna.errors import InputError
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.model import open_model
from sterna.machine.image import MemoryImage
from sterna.machine.memory import Axi, Sdram
from sterna.machine.presets import PRESETS, token_machine
from sterna.program.definition import Program
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.area import FACTORS_FILE, estimate_area
from sterna_boards.estimate.lanes import choose_lanes
from sterna_boards.estimate.model import estimate
from sterna_boards.estimate.multipliers import dsps
from sterna_boards.estimate.terms import area_terms
from sterna_boards.measured.baseline import Measured, read_baseline
from sterna_boards.model_build import build_model

from tests.boards.kinds import OPEN_BOARDS

MEASURED = list(read_baseline().values())
SECONDS = 2.0
ADDITIONS = 20_000_000


@cache
def _program(name: str) -> Program:
    return lower(open_model(name).model, name=name)


@pytest.mark.parametrize("entry", MEASURED, ids=lambda entry: entry.board)
def test_estimate_agrees_with_the_build(entry: Measured) -> None:
    found = estimate(find_board(entry.board), _program(entry.model), entry.machine,
                     clock_hz=entry.clock_mhz * 1e6)
    assert found.machine == find_board(entry.board).with_rate(entry.machine)
    # Exact where the engine sets the pace; what candidates of the head cost depends on their order.
    # Builds from before barriers became shorter took up to a tenth more.
    assert 0.87 < found.speed.cycles / entry.cycles_per_token < 1.002
    assert found.luts == pytest.approx(entry.luts, rel=0.2)
    assert found.ffs == pytest.approx(entry.ffs, rel=0.2)
    assert found.block_rams == pytest.approx(entry.block_rams, rel=0.2)
    assert found.dsps == entry.dsps
    assert found.fits


@pytest.mark.parametrize("entry", MEASURED, ids=lambda entry: entry.board)
def test_measured_boards_meet_timing(entry: Measured) -> None:
    assert entry.timing_met


def test_estimate_agrees_with_the_build_that_has_an_sdram() -> None:
    """Measured by `sterna build demo --board ulx3s-85f --weights sdram`, which had 37 block RAMs
    before words took their whole width."""
    board = find_board("ulx3s-85f")
    found = estimate(board, _program("demo"), board.sdram_machine(), clock_hz=75e6)
    assert found.luts == pytest.approx(8170, rel=0.2)
    assert found.ffs == pytest.approx(5317, rel=0.2)
    assert (found.block_rams, found.dsps) == (35, 9)
    # In the netlist 850, of 7,608 that became 8,170.
    assert found.units["core.weights"] == pytest.approx(850 * 8170 / 7608, rel=0.2)


@pytest.mark.parametrize(("part", "lanes", "luts", "ffs"), [
    ("16m16", (4, 16), 1077, 883), ("2m32", (4, 16), 1153, 953), ("16m16", (8, 32), 743, 1131),
])
def test_controllers_keep_their_proportions(part: str, lanes: tuple[int, int], luts: int,
                                            ffs: int) -> None:
    """Netlists of `SdramSource` alone; in a whole one yosys shares more: 852 of 1,077."""
    rows, columns = lanes
    shape = token_machine(rows=rows, columns=columns, vector_lanes=4)
    terms = area_terms(shape.having(memory=Sdram(part=part, hz=round(75e6))))["core.weights"]
    factors = json.loads(FACTORS_FILE.read_text())["ecp5"]
    for kind, counted in (("luts", luts * 852 / 1077), ("ffs", ffs)):
        modelled = sum(factor * term for factor, term in
                       zip(factors[kind]["core.weights"], terms, strict=True))
        assert modelled == pytest.approx(counted, rel=0.1)


@pytest.mark.parametrize(("preset", "luts", "ffs"), [("tiny", 814, 278), ("standard", 2140, 1878)])
def test_forks_are_those_of_netlists(preset: str, luts: int, ffs: int) -> None:
    """Netlists of the four forks of two token streams alone."""
    terms = area_terms(PRESETS[preset].having(streams=2))["forks"]
    factors = json.loads(FACTORS_FILE.read_text())["ecp5"]
    for kind, counted in (("luts", luts), ("ffs", ffs)):
        modelled = sum(factor * term for factor, term in
                       zip(factors[kind]["forks"], terms, strict=True))
        assert modelled == pytest.approx(counted, rel=0.02)


def test_area_of_two_token_streams_agrees_with_a_netlist() -> None:
    """The netlist of a whole accelerator, without its serial port and before packing."""
    found = estimate_area("ecp5", PRESETS["tiny"].having(streams=2))
    packing = json.loads(FACTORS_FILE.read_text())["ecp5"]["packing"]
    assert found.luts / packing == pytest.approx(7829, rel=0.2)
    assert found.ffs == pytest.approx(5517, rel=0.2)


def test_token_streams_have_data_paths_of_their_own() -> None:
    board, program = find_board("ulx3s-85f"), _program("demo-tiny")
    shape = token_machine(rows=8, columns=16, vector_lanes=8)
    one, three = (estimate(board, program, shape.having(streams=count)) for count in (1, 3))
    for unit in ("core.engine", "core.vector", "core.top_k"):
        assert three.units[unit] == pytest.approx(3 * one.units[unit], abs=3)
    for unit in ("core.weights", "core.sequencer", "core.constants"):
        assert three.units[unit] == one.units[unit]
    assert one.units["forks"] == 0 < three.units["forks"]
    assert three.dsps == 3 * one.dsps
    rams = {memory.name: memory.block_rams for memory in one.memories}
    shared = sum(rams[name] for name in ("weights", "constants", "program"))
    found = {memory.name: memory.block_rams for memory in three.memories}
    assert three.block_rams - found["input rows"] - shared == 3 * (
        one.block_rams - rams["input rows"] - shared)


def test_image_bytes_are_those_of_the_image() -> None:
    program = _program("demo")
    found = estimate(find_board("ulx3s-85f"), program)
    image: MemoryImage = compile_program(program, found.machine)
    assert found.image_bytes == sum(part.array().size for part in image.parts.values())
    assert found.embedding == image.placement == "host"
    assert found.luts == pytest.approx(sum(found.units.values()), abs=len(found.units))


def test_what_does_not_fit_is_said() -> None:
    found = estimate(find_board("tang-nano-9k"), _program("demo"))
    assert not found.fits
    assert any(clause.endswith("of 26 block RAMs") for clause in found.short)


@pytest.mark.parametrize("name", OPEN_BOARDS)
def test_own_engine_fits(name: str) -> None:
    board = find_board(name)
    found = estimate(board, _program(board.model))
    assert found.fits, found.short


def test_weights_from_a_memory_that_is_not_there_are_refused() -> None:
    board, program = find_board("icebreaker"), _program("demo-tiny")
    outside = board.shape.machine().having(memory=Axi())
    with pytest.raises(InputError, match="icebreaker: no memory of this board gives weights thr"):
        estimate(board, program, outside)
    with pytest.raises(InputError, match="through 'axi'; give chip"):
        build_model(board, program, outside)


@pytest.mark.parametrize(("family", "word_bits", "vector_lanes", "expected"), [
    ("ecp5", 18, 4, 9), ("ecp5", 16, 8, 17), ("gw2a", 18, 4, 9), ("gw1n", 16, 2, 5),
    ("ice40", 16, 1, 3), ("ice40", 16, 2, 4), ("ice40", 18, 2, 13),
])
def test_multipliers_are_as_in_netlists(family: str, word_bits: int, vector_lanes: int,
                                        expected: int) -> None:
    shape = token_machine(rows=8, word_bits=word_bits, vector_lanes=vector_lanes)
    assert dsps(family, shape) == expected


def test_lanes_can_be_asked_for() -> None:
    board, program = find_board("colorlight-i9"), _program("demo-tiny")
    base = board.shape.machine()
    assert choose_lanes(board, program, base, 256).ternary.lanes == 256
    with pytest.raises(InputError, match="lanes: 100 are not rows"):
        choose_lanes(board, program, base, 100)


def test_command_takes_less_than_two_seconds_and_no_pytorch() -> None:
    """On a computer that adds `ADDITIONS` numbers in one: this one may be busy, or slow."""
    code = ("import sys; from sterna.cli.application import run_arguments; "
            "status = run_arguments(['estimate', 'demo', '--board', 'ulx3s-85f', '--json']); "
            "assert 'torch' not in sys.modules and 'amaranth' not in sys.modules; "
            "sys.exit(status)")
    yardstick = f"sum(number for number in range({ADDITIONS}))"

    def seconds(program: str) -> tuple[float, str]:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert result.returncode == 0, result.stderr
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, result.stdout

    found = []
    for _ in range(3):  # the least of three: other tests use the caches too
        took, told = seconds(code)
        assert json.loads(told)["board"] == "ulx3s-85f"
        found.append(took / seconds(yardstick)[0])
    assert min(found) < SECONDS
