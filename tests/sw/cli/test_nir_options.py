"""How a NIR graph is read: options that `import`, `verify` and `run` share."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.families.spiking.store import load_network
from sterna.law.neuron import Reset

from tests.sw.families.spiking.nir.test_recognition import graph, integrator, lif, nir

EVERY = ("--reset", "n0=soft", "--reset", "hard", "--compare", ">=", "--neuron",
         "n0.max_count=3", "--neuron", "refractory=1", "--dt", "1e-3")


def commands(path, folder):
    return [("import", path, "-o", folder), ("run", path, "--steps", 5),
            ("verify", path, "--steps", 2)]


@pytest.fixture
def ambiguous(tmp_path):
    """A graph as Norse and Sinabs both write it."""
    path = tmp_path / "my net.nir"
    nir.write(path, graph(integrator(1.0)))
    return path


@pytest.mark.parametrize("command", ["import", "run"])
def test_a_guess_gives_both_commands(sterna, ambiguous, tmp_path, command):
    words = {item[0]: item for item in commands(ambiguous, tmp_path / "net")}[command]
    outcome = sterna(*words, "--compare", ">=")
    told = outcome.output if command == "import" else outcome.errors
    assert "who wrote it is a guess: its numbers are as norse writes them; " in told
    line = next(item for item in told.splitlines() if "say who wrote it: " in item)
    first, second = line.partition("say who wrote it: ")[2].split(" or ")
    out = f" -o {tmp_path / 'net'}" if command == "import" else ""
    given = f"sterna {command} '{ambiguous}' --compare '>='{out}"
    assert first == f"{given} --producer norse" and second == f"{given} --producer sinabs"
    sure = sterna(*words, "--producer", "sinabs")
    told = sure.output if command == "import" else sure.errors
    assert "a guess" not in told and "written by sinabs: " in told


def test_the_options_reach_the_network(sterna, tmp_path):
    """Of all neurons and of one; all three commands take them and tell the same."""
    path, folder = tmp_path / "net.nir", tmp_path / "net"
    nir.write(path, graph(lif(0.004, 2.0), lif(0.004, 2.0)))
    lines = []
    for words in commands(path, folder):
        if words[0] == "verify":
            continue
        outcome = sterna(*words, "--producer", "nir", *EVERY)
        told = outcome.output if words[0] == "import" else outcome.errors
        lines.append(next(item for item in told.splitlines() if "written by" in item))
    assert len({line.partition(": ")[2] for line in lines}) == 1
    assert "dt 0.001 s, reset hard" in lines[0] and "n0: reset soft" in lines[0]
    first, second = load_network(folder).populations
    assert (first.definition.reset, second.definition.reset) == (Reset.SOFT, Reset.HARD)
    assert (first.definition.max_count, second.definition.max_count) == (3, 1)
    assert first.definition.refractory == second.definition.refractory == 1
    assert not first.definition.strict


def test_verify_takes_the_options(sterna, tmp_path):
    """Several spikes a step, an adaptive threshold and refractory steps in an accelerator."""
    path = tmp_path / "net.nir"
    nir.write(path, graph(lif(0.004, 2.0), lif(0.004, 2.0)))
    outcome = sterna("verify", path, "--steps", 30, "--producer", "nir", *EVERY, "--neuron",
                     "n1.increment=0.25", "--neuron", "n1.adaptation_factor=0.5", "--device",
                     "emulator", "--json")
    assert "n0: max_count 3" in outcome.errors and outcome.json["differences"] == 0


@pytest.mark.parametrize("option", [
    ("--producer", "norse"), ("--reset", "soft"), ("--current", "old"),
    ("--compare", ">"), ("--neuron", "floor=0"),
])
@pytest.mark.parametrize("command", ["run", "verify"])
def test_the_options_are_for_graphs(sterna, command, option):
    outcome = sterna(command, "delays", *option)
    assert outcome.code == 2 and outcome.errors.strip().endswith("is for NIR graphs (.nir)")


@pytest.mark.parametrize("command", ["run", "verify"])
def test_a_step_is_one_of_graphs_and_of_recordings(sterna, command):
    outcome = sterna(command, "delays", "--dt", "0.1")
    assert outcome.code == 2
    assert "recordings of events" in outcome.errors and "NIR graphs (.nir)" in outcome.errors


@pytest.mark.parametrize("model", ["delays", "net.nir"])
def test_formats_are_those_of_the_import(sterna, model):
    outcome = sterna("verify", model, "--planes", "3")
    assert outcome.code == 2 and "--planes: is chosen when a network is read for good, by sterna " \
                                 "import" in outcome.errors


def test_import_refuses_them_for_a_checkpoint(sterna, tmp_path):
    outcome = sterna("import", tmp_path, "-o", tmp_path / "net", "--reset", "soft")
    assert outcome.code == 2 and "is for NIR graphs (.nir)" in outcome.errors


def test_a_wrong_choice_writes_nothing(sterna, tmp_path):
    path, folder = tmp_path / "net.nir", tmp_path / "net"
    nir.write(path, graph(lif(0.004, 2.0)))
    outcome = sterna("import", path, "-o", folder, "--reset", "n7=soft")
    assert outcome.code == 2
    assert "reset of 'n7': no such neuron node; the graph has n0" in outcome.errors
    assert not folder.exists()


def test_import_says_what_it_compares_with(sterna, tmp_path):
    """The integers are held against the float network as it was read, not the framework."""
    path = tmp_path / "net.nir"
    nir.write(path, graph(lif(0.004, 2.0)))
    outcome = sterna("import", path, "-o", tmp_path / "net")
    assert "differ (0.000%), on random inputs, from the float network so read" in outcome.output
    assert np.isfinite(load_network(tmp_path / "net").populations[0].parameters.gain).all()


def test_import_tells_of_spikes_that_reach_the_limit(sterna, tmp_path):
    """Sinabs gives any number of spikes in a step; what is cut is not silent."""
    path = tmp_path / "net.nir"
    nir.write(path, graph(lif(10.0, 1.0, v_threshold=0.002)))
    words = ("import", path, "-o", tmp_path / "net", "--producer", "sinabs", "--neuron")
    told = sterna(*words, "max_count=40").output
    assert "n0: " in told and " neuron steps reach 40 spikes, the most of a step here" in told
    assert "the most of a step here" not in sterna(*words, "max_count=127").output
