"""Spiking networks on boards: estimates beside measured builds, and a small build."""

from __future__ import annotations

import json

import pytest
from sterna.compiler.fit import fit_machine
from sterna.families.spiking.examples import EXAMPLES
from sterna.families.spiking.lowering import lower
from sterna.families.spiking.quantise import quantise
from sterna.machine.machine import Machine
from sterna.machine.presets import STEP_MACHINE, step_machine
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.model import estimate
from sterna_boards.estimate.speed import LinkUse
from sterna_boards.estimate.work import work_on
from sterna_boards.flows.open.designs import accelerator
from sterna_boards.shape import step_shape

from tests.boards.fake_tools import ROUTING, FakeTools

PLACED = {"icebreaker": (3109, 1947, 15, 4), "ulx3s-85f": (5708, 5184, 4, 24)}
"""Look-up tables, flip-flops, block RAMs and DSPs of l2mu, `sterna build l2mu --board NAME`."""


def _shape(name: str) -> Machine:
    board = find_board(name)
    return step_shape(board.family, board.capacity.luts)


@pytest.mark.parametrize("name", PLACED)
def test_the_estimate_is_near_the_build(name: str) -> None:
    """Of the two builds that the factors come from."""
    found = estimate(find_board(name), lower(quantise(EXAMPLES["l2mu"]())))
    luts, flip_flops, rams, dsps = PLACED[name]
    assert found.luts == pytest.approx(luts, rel=0.1)
    assert found.ffs == pytest.approx(flip_flops, rel=0.1)
    assert abs(found.block_rams - rams) <= 2 and 0 <= found.dsps - dsps <= 2
    assert found.fits and not found.short
    assert sum(found.units.values()) == pytest.approx(found.luts, abs=3)
    values = json.loads(found.to_json())
    assert values["cycles_per_step"] == found.speed.cycles
    assert "embedding" not in values and values["expected_mhz"] is None
    assert values["configuration"]["units"][1]["kinds"][0]["definition"]["reset"] == "soft_late"


def test_what_does_not_fit_is_named() -> None:
    """The delays of spoken commands need more memory than any board here has."""
    found = estimate(find_board("icebreaker"), lower(quantise(EXAMPLES["delays"]())))
    assert not found.fits and any("RAMs" in text for text in found.short)


def test_shape_follows_the_part() -> None:
    """A small part gets one neuron lane, and pieces of 16 bits where multipliers are such."""
    assert _shape("icebreaker") == step_machine(
        synapse_lanes=2, neuron_lanes=1, multiplier_bits=16)
    assert _shape("ulx3s-12f") == STEP_MACHINE


@pytest.mark.parametrize("name, mhz", [("ulx3s-85f", 75), ("icebreaker", 21)])
def test_networks_have_a_clock_of_their_own(name: str, mhz: float) -> None:
    """Where they reach less than a language model, estimate and build use the slower clock."""
    board, network = find_board(name), lower(quantise(EXAMPLES["l2mu"]()))
    machine = fit_machine(network, _shape(name))
    assert estimate(board, network).clock_mhz == mhz
    assert accelerator(board, machine).clock_hz == pytest.approx(mhz * 1e6, rel=0.02)
    assert board.clock_of(board.machine()) == board.clock_hz


def test_step_bytes_are_those_of_the_frames() -> None:
    """LOAD and ACK, RUN and RESULT: seven bytes around each payload, a session of eight."""
    network = lower(quantise(EXAMPLES["l2mu"]()))
    machine = fit_machine(network, STEP_MACHINE)
    work = work_on(find_board("ulx3s-85f"), network, machine)
    assert work.unit == "step"
    assert work.link == LinkUse(4 * 7 + 5 + 3 * 4 + 10 + 4 * (4 + 6) + 8, 1)


def test_missed_timing_is_exit_1_and_leaves_no_folder(sterna, tmp_path, monkeypatch) -> None:
    tools = FakeTools(tmp_path, monkeypatch)
    tools.write("NEXTPNR_ECP5", ROUTING.replace("90 + 10", "50 + 10"))
    command = ("build", "l2mu", "--board", "ulx3s-12f", "--clock-mhz", 100, "--json",
               "-o", tmp_path / "out")
    outcome = sterna(*command)
    assert outcome.code == 1 and outcome.output == ""
    assert "ulx3s-12f: 90.0 MHz instead of 100.0 MHz; slowest is" in outcome.errors
    assert not (tmp_path / "out").exists()
    tools.write("NEXTPNR_ECP5", ROUTING, version="2.0")
    assert sterna(*command).json["timing_met"] and (tmp_path / "out" / "sterna.bit").is_file()


def test_the_design_depends_on_the_configuration() -> None:
    """The key of the cache holds all of it."""
    machine = fit_machine(lower(quantise(EXAMPLES["cubalif"]())), STEP_MACHINE)
    design = accelerator(find_board("ulx3s-12f"), machine)
    assert design.lanes == machine.synapses.lanes and machine.to_json() in design.key
