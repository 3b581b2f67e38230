"""`run --probe`: what hidden populations give and keep, in the same integers on every device."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

PROBES = ("--probe", "hidden", "--probe", "hidden.v", "--probe", "hidden.i")


def test_a_device_shows_what_the_golden_shows(sterna: Any, tmp_path: Any) -> None:
    found = []
    for device in ("golden", "emulator"):
        path = tmp_path / f"{device}.npz"
        outcome = sterna("run", "cubalif", "--steps", 12, "--device", device, *PROBES, "-o", path)
        assert outcome.code == 0 and "hidden.v  " in outcome.output
        with np.load(path) as arrays:
            found.append(dict(arrays))
    assert sorted(found[0]) == sorted(found[1]) == ["hidden", "hidden.i", "hidden.v", "out"]
    for name, values in found[0].items():
        assert values.any() and np.array_equal(values, found[1][name])


def test_neurons_that_a_program_orders_otherwise(sterna: Any, tmp_path: Any) -> None:
    """Maps of convolutions are in the order of the network."""
    found = []
    for device in ("golden", "emulator"):
        path = tmp_path / f"{device}.npz"
        assert sterna("run", "digits", "--steps", 2, "--device", device, "--probe", "conv1.v",
                      "--probe", "conv2", "-o", path).code == 0
        with np.load(path) as arrays:
            found.append((arrays["conv1.v"], arrays["conv2"]))
    assert all(np.array_equal(*pair) for pair in zip(*found, strict=True))


@pytest.mark.parametrize(("probe", "message"), [
    ("hiden", "no such population; did you mean hidden?"),
    ("hidden.w", "hidden keeps v, i"),
    ("v", "there are hidden, out, and their states, such as hidden.v"),
])
def test_what_is_not_there(sterna: Any, probe: str, message: str) -> None:
    outcome = sterna("run", "cubalif", "--probe", probe)
    assert outcome.code == 2 and message in outcome.errors
