"""One command each from a file that a framework wrote to verified RTL and to a bitstream."""

from __future__ import annotations

import pytest

from tests.sw.families.spiking.nir import norse_graphs, snntorch_graphs


def write(framework, path):
    """The graph of a network of the framework, of 12 or 18 neurons."""
    if framework == "norse":
        norse_graphs.write(norse_graphs.module_of("LIFBox", "LIF"), path)
    else:
        snntorch_graphs.write(snntorch_graphs.snntorch_module(), path)


@pytest.mark.slow
@pytest.mark.verilator
def test_verify_takes_a_graph_of_norse(sterna, tmp_path):
    path = tmp_path / "net.nir"
    kinds = ("LIFBox", "LIF", "IAF", "LIBox")
    norse_graphs.write(norse_graphs.module_of(*kinds), path)
    outcome = sterna("verify", path, "--steps", 40, "--stalls", 200, "--json")
    assert "written by norse (by its forms)" in outcome.errors
    # Sum, output and membrane of 30 neurons, nine currents, and the three outputs.
    assert outcome.json["values_compared"] == 40 * (30 * 3 + 9 + 3)
    assert outcome.json["differences"] == 0


def test_verify_takes_a_graph_of_snntorch(sterna, tmp_path):
    write("snntorch", tmp_path / "net.nir")
    outcome = sterna(
        "verify", tmp_path / "net.nir", "--steps", 40, "--device", "emulator", "--json")
    assert "written by snntorch (by its forms)" in outcome.errors
    # Sum, output and membrane of 18 neurons, nine currents, and the nine outputs.
    assert outcome.json["values_compared"] == 40 * (18 * 3 + 9 + 9)
    assert outcome.json["differences"] == 0


@pytest.mark.parametrize("framework", ["snntorch", "norse"])
@pytest.mark.parametrize("board", ["ulx3s-85f", "icebreaker"])
def test_estimate_takes_a_graph(sterna, tmp_path, framework, board):
    write(framework, tmp_path / "net.nir")
    values = sterna("estimate", tmp_path / "net.nir", "--board", board, "--json").json
    assert values["fits"] and values["model"] == "net"


@pytest.mark.slow
@pytest.mark.pnr
@pytest.mark.parametrize("framework", ["snntorch", "norse"])
@pytest.mark.parametrize("board", ["ulx3s-85f", "icebreaker"])
def test_build_takes_a_graph(sterna, tmp_path, framework, board):
    write(framework, tmp_path / "net.nir")
    folder = tmp_path / "build"
    values = sterna(
        "build", tmp_path / "net.nir", "--board", board, "-o", folder, "--json").json
    assert values["timing_met"] and values["fmax_mhz"] >= values["clock_mhz"]
    assert values["model"] == "net" and (folder / "configuration.json").is_file()
