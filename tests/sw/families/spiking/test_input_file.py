"""Files of frames and of events."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.families.spiking.input_file import read_input


def test_frames_and_events_give_the_same(tmp_path: Path) -> None:
    frames = np.zeros((4, 3))
    frames[1, 2], frames[3, 0] = 2, -1
    np.save(tmp_path / "frames.npy", frames)
    (tmp_path / "events.txt").write_text("1,2\n1 2  # twice\n\n3,0,-1\n")
    for name in ("frames.npy", "events.txt"):
        assert np.array_equal(read_input(tmp_path / name, 3)[:, 0], frames)


def test_refusals(tmp_path: Path) -> None:
    """Damaged archives, other shapes, and steps that no memory holds."""
    np.savez_compressed(tmp_path / "good.npz", frames=np.ones((40, 3)))
    whole = (tmp_path / "good.npz").read_bytes()
    (tmp_path / "short.npz").write_bytes(whole[:60])
    (tmp_path / "flipped.npz").write_bytes(whole[:60] + b"\xff" * 20 + whole[80:])
    for name in ("short.npz", "flipped.npz"):
        with pytest.raises(InputError, match="is damaged or holds no arrays"):
            read_input(tmp_path / name, 3)
    with pytest.raises(InputError, match=r"the network takes \[steps, 4\]"):
        read_input(tmp_path / "good.npz", 4)
    events = tmp_path / "events.txt"
    events.write_text(f"{10**15},0\n")
    with pytest.raises(InputError, match=r"give at most \d+ steps a file"):
        read_input(events, 3)
    events.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="is no text"):
        read_input(events, 3)
