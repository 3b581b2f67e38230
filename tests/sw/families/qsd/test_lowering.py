"""Integers of a QSD-Transformer: exact but for residuals and maps, and one machine's as another's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sterna.families.qsd.counts import COUNTS, Counts
from sterna.families.qsd.version import QSD
from sterna.families.spiking_transformer.evaluate import agreement
from sterna.families.spiking_transformer.model import open_model

SMALL = "random:family=qsd,width=8,heads=4,convs=1,fourth=1"
"""Heads of ten channels in the last stage, which have sixteen places."""
EXACT = ("Conv.lif2", "0.lif2", "fc2_lif", "attn_lif")
"""How neurons end whose sums are of counts, and whose weights are on their steps."""
Command = Callable[..., Any]


def test_layer_by_layer() -> None:
    """Where a layer is given the integers' counts it makes the same of nearly all, behind one
    convolution or attention of all."""
    model = open_model(QSD, SMALL)
    found = agreement(model, 3, 2)
    layers = {name: alike.layer for name, alike in found.spikes.items()}
    assert min(layers.values()) > 0.97 and found.layers_rms < 0.01, layers
    exact = {name: share for name, share in layers.items() if name.endswith(EXACT)}
    assert len(exact) == 6 and set(exact.values()) == {1.0}, exact
    counts = [item.definition for item in model.network.populations
              if item.definition.max_count > 1]
    assert len(counts) > 15 and set(counts) == {COUNTS}


def test_weights_are_those_of_the_file() -> None:
    """Whole numbers of four bits where the units of a source are one, and where a channel meets
    one."""
    network = open_model(QSD, SMALL).network
    for item in network.connections:
        whole, wide = item.weights(), ".body.0" in item.source or "dwconv" in item.source
        depth_wise = item.window is not None and item.window.groups > 1
        assert (np.abs(whole).max() > 8) == (wide and not depth_wise or ".body.2.0" in item.source)


def test_thresholds_behind_attention() -> None:
    """Of a scale of a quarter and units of a quarter: 32, 96, 160 and 224."""
    definition, numbers = Counts().neurons(np.array([0.25 / 64]), np.zeros(1), np.array([9999]),
                                           True)
    gain, bias, threshold = (int(numbers[name][0]) for name in ("gain", "bias", "threshold"))
    found = [sum(total * gain + bias >= k * threshold for k in range(1, 5))
             for total in range(-10, 300)]
    assert found == [sum(total >= level for level in (32, 96, 160, 224))
                     for total in range(-10, 300)]
    assert definition.max_count == 4


def test_the_machine_is_the_golden(sterna: Command) -> None:
    """Every sum, output and state word on the emulator."""
    found = sterna("verify", SMALL, "--steps", 2, "--device", "emulator")
    assert found.code == 0 and "no difference" in found.output


@pytest.mark.verilator
@pytest.mark.long
def test_published_widths(sterna: Command) -> None:
    """In generated Verilog, with the fewest layers that hold every kind of operation."""
    found = sterna("verify", "random:family=qsd", "--steps", 4)
    assert found.code == 0 and "2104840 sums, outputs and state words compared" in found.output
