"""Files of samples with labels, and what is told of their classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.families.spiking.classes import confusion, confusion_lines, told_classes
from sterna.families.spiking.labelled import open_labelled
from sterna.families.spiking.recording.binning import Binning

LABELS = np.array([1, 0, 2])


def whole(path: Path, **arrays: Any) -> np.ndarray:
    np.savez(path, **arrays)
    found = open_labelled(path, 4, 3)
    assert found.labels.tolist() == LABELS.tolist()
    return np.concatenate(list(found.inputs.blocks()))


def test_frames_maps_and_events_give_the_same(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 3, (5, 3, 4))
    frames[-1, 0, 0] = 1
    sample, step, address = frames.transpose(1, 0, 2).nonzero()
    events = np.stack([sample, step, address, frames[step, sample, address]], 1)
    path = tmp_path / "samples.npz"
    assert np.array_equal(whole(path, frames=frames, labels=LABELS), frames)
    assert np.array_equal(whole(path, frames=frames.reshape(5, 3, 1, 2, 2), labels=LABELS), frames)
    shuffled = np.random.default_rng(1).permutation(events)
    assert np.array_equal(whole(path, events=shuffled, labels=LABELS), frames)
    ones = np.repeat(events[:, :3], events[:, 3], 0)
    assert np.array_equal(whole(path, events=ones, labels=LABELS), frames)
    for name, array in (("frames", frames), ("events", events)):  # the first samples of them
        arrays: dict[str, Any] = {name: array, "labels": LABELS}
        np.savez(path, **arrays)
        found = open_labelled(path, 4, 3, Binning(samples=2))
        assert found.inputs.shape == (5, 2, 4) and found.labels.tolist() == LABELS[:2].tolist()
        assert np.array_equal(np.concatenate(list(found.inputs.blocks())), frames[:, :2])


@pytest.mark.parametrize(("arrays", "message"), [
    ({"frames": np.zeros((5, 3, 4))}, "has no array labels but frames; give an .npz with frames"),
    ({"frames": np.zeros((5, 3, 4)), "labels": LABELS + 1}, "of 1 to 3; give one for each sample"),
    ({"frames": np.zeros((5, 3, 4)), "labels": LABELS / 2}, "labels are float64 .3., not whole"),
    ({"frames": np.zeros((3, 5, 4)), "labels": LABELS}, "3 labels for 5 samples; its first axes"),
    ({"frames": np.zeros((5, 3, 7)), "labels": LABELS}, "the network takes .steps, 4."),
    ({"events": np.zeros((5, 2), int), "labels": LABELS}, "events of shape .5, 2."),
    ({"events": np.array([[0, 0, 0], [3, 1, 2]]), "labels": LABELS}, "event 1: sample 3, step 1"),
    ({"events": np.array([[0, 2**40, 0]]), "labels": LABELS}, "steps of 3 samples of 4 inputs"),
])
def test_refusals(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    np.savez(tmp_path / "samples.npz", **arrays)
    with pytest.raises(InputError, match=message):
        open_labelled(tmp_path / "samples.npz", 4, 3)


def test_a_file_without_names_has_no_labels(tmp_path: Path) -> None:
    np.save(tmp_path / "frames.npy", np.zeros((5, 3, 4)))
    with pytest.raises(InputError, match="frames.npy: has no labels; give an .npz"):
        open_labelled(tmp_path / "frames.npy", 4, 3)


def test_classes() -> None:
    """By what is summed, last or most; and who is taken for whom."""
    outputs = np.array([[[0, 5, 0]], [[3, 0, 1]], [[3, 0, 4]]])
    assert [int(told_classes(outputs, by)[0]) for by in ("sum", "last", "most")] == [0, 2, 1]
    found = np.array([1, 0, 0, 2, 2, 0, 0])
    matrix = confusion(np.array([1, 0, 0, 0, 0, 1, 1]), found, 4)
    assert matrix == [[2, 0, 2, 0], [2, 1, 0, 0], [0] * 4, [0] * 4]
    assert confusion_lines(matrix) == [("class 0", "2 of 4 right, 2 as 2"),
                                       ("class 1", "1 of 3 right, 2 as 0")]
