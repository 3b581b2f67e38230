"""Graphs of SpikingJelly, Sinabs, Rockpool, Spyx and Lava against what the frameworks did.

`make_runs` wrote the files, with the frameworks' versions and the seed in them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.families.spiking.codes import input_codes
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.nir.graph import read_nir
from sterna.families.spiking.nir.options import NirChoices, NirReading
from sterna.families.spiking.quantise import SpikingFormats, quantise

FOLDER = Path(__file__).parent / "runs"
VERSIONS = {"spikingjelly": "2.0.0", "sinabs": "3.1.3", "rockpool": "3.1.0", "spyx": "1.0.0",
            "lava": "0.6.0"}
NEEDED = {"sinabs_plain": NirChoices(settings=("gain=unit", "floor=-0.3"))}
"""What the options must say, for the file does not."""
LOST = ("rockpool_recurrent",)
"""What no option can say: recurrence that is not in the file."""
REFUSED = {
    # Spyx lays a layer's input through the recurrent weights; only as Spyx's is it put right.
    **dict.fromkeys(("spyx_rif", "spyx_rlif", "spyx_rcuba"), "nothing of known shape"),
    "spikingjelly_lif": "begins at -0.25, not at 0",
}
"""What cannot be read as another framework's."""
CASES = sorted(path.stem for path in FOLDER.glob("*.npz"))


def compare(
    case: str, folder: Path, choices: NirChoices | None = None
) -> tuple[NirReading, int, np.ndarray]:
    """The reading, how many neuron steps differ, and the framework's outputs [steps, neurons]."""
    with np.load(FOLDER / f"{case}.npz") as run:
        (folder / "net.nir").write_bytes(run["graph"].tobytes())
        frames, expected, version = run["frames"], run["outputs"], str(run["version"])
    framework = case.partition("_")[0]
    assert version == f"{framework} {VERSIONS[framework]}"
    network, told = read_nir(folder / "net.nir", choices)
    found = network.run(frames[:, None].astype(float))[network.output][:, 0]
    if framework in ("spyx", "lava") and case != "spyx_psu":
        found = _late(found)
    return told, int((found != expected).sum()), expected


def _late(outputs: np.ndarray) -> np.ndarray:
    """Spyx's neurons and lava-dl's blocks hand a spike on in the step after it."""
    return np.concatenate([np.zeros_like(outputs[:1]), outputs[:-1]])


def test_every_framework_is_held() -> None:
    assert {case.partition("_")[0] for case in CASES} == set(VERSIONS) and len(CASES) >= 20


@pytest.mark.parametrize("case", [item for item in CASES if item not in LOST])
def test_a_graph_fires_as_the_framework_did(case: str, tmp_path: Path) -> None:
    """Spike for spike, several in a step; recognised without a word, and surely."""
    told, differ, expected = compare(case, tmp_path, NEEDED.get(case))
    framework = case.partition("_")[0]
    assert expected.sum() > 50
    assert told.line.startswith(f"written by {framework} (by its forms): ")
    assert not told.recognition.readings
    assert differ == 0


@pytest.mark.parametrize("case", [*LOST, *NEEDED])
def test_what_a_file_leaves_out_is_told(case: str, tmp_path: Path) -> None:
    """Recurrence is not in Rockpool's file, norm_input and min_v_mem not in Sinabs' own."""
    told, differ, _ = compare(case, tmp_path)
    assert differ > 100
    word = {"rockpool": "recurrent weights (has_rec), the biases", "sinabs": "norm_input"}
    assert any(word[case.partition("_")[0]] in note for note in told.notes)


@pytest.mark.parametrize("case", CASES)
def test_no_other_framework_is_meant(case: str, tmp_path: Path) -> None:
    """Read as another framework's, a graph gives other spikes or is refused: the marks matter."""
    other = "snntorch" if case.startswith("spikingjelly") else "nir"
    try:
        told, differ, _ = compare(case, tmp_path, NirChoices(other))
    except InputError as error:
        assert case in REFUSED and REFUSED[case] in str(error)
    else:
        assert told.line.startswith(f"written by {other}: ") and differ > 0 and case not in REFUSED


def test_lava_in_integers(tmp_path: Path) -> None:
    """With 12 fraction bits the golden has slayer's states, rounded as slayer rounds them."""
    with np.load(FOLDER / "lava_cuba.npz") as run:
        (tmp_path / "net.nir").write_bytes(run["graph"].tobytes())
        frames, expected = run["frames"][:, None].astype(float), run["outputs"]
    real, told = read_nir(tmp_path / "net.nir")
    assert told.line.startswith("written by lava (by its forms): ") and expected.sum() > 200
    network = quantise(real, SpikingFormats(planes=6, fraction=12))
    found = GoldenNetwork(network, 1).run(input_codes(network, frames))[network.output]
    assert np.array_equal(_late(found[:, 0]), expected)
