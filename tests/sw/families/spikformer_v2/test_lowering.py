"""Integers of a Spikformer V2: alike layer by layer, and one machine's as another's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sterna.families.spikformer_v2.version import SPIKFORMER_V2
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking_transformer.evaluate import agreement
from sterna.families.spiking_transformer.model import open_model

SMALL = "random:family=spikformer-v2,width=32,heads=2,convs=4"
ODD = "random:family=spikformer-v2,width=40,heads=2,convs=2,blocks=2"
"""Stages of 5, 10, 20 and 40 channels, of which the last have more beside them; so have heads."""
Command = Callable[..., Any]


@pytest.mark.parametrize("name", [SMALL, ODD])
def test_layer_by_layer(name: str) -> None:
    """Where a layer is given the integers' spikes it makes the same of nearly all."""
    found = agreement(open_model(SPIKFORMER_V2, name), 3, 2)
    layers = {name: alike.layer for name, alike in found.spikes.items()}
    assert min(layers.values()) > 0.98, layers
    assert found.layers_rms < 0.01
    assert all(0.005 < alike.rate < 0.7 for alike in found.spikes.values())
    assert found.mean("layer") > 0.99 > found.mean("alike") and not found.saturated


def test_residuals_are_counts() -> None:
    """Exactly the spikes of all populations that are added, in every step."""
    network = open_model(SPIKFORMER_V2, ODD).network
    assert network.population("block.1").neurons == 4 * 48
    codes = np.random.default_rng(0).integers(-99, 100, (3, 2, network.inputs))
    found = GoldenNetwork(network, 2).run(codes)
    counts = found["patch_embed.proj_lif3"]
    for block in ("block.0", "block.1"):
        counts = counts + found[f"{block}.attn.proj_lif"]
        assert np.array_equal(found[f"{block}.middle"], counts)
        counts = counts + found[f"{block}.mlp.fc2_lif"]
        assert np.array_equal(found[block], counts)
    assert counts.max() > 2


def test_the_machine_is_the_golden(sterna: Command) -> None:
    """Every sum, output and state word on the emulator."""
    found = sterna("verify", ODD, "--steps", 2, "--device", "emulator")
    assert found.code == 0 and "no difference" in found.output


@pytest.mark.verilator
@pytest.mark.long
def test_published_width(sterna: Command) -> None:
    """In generated Verilog, with the fewest layers that hold every kind of operation."""
    found = sterna("verify", "random:family=spikformer-v2", "--steps", 4)
    assert found.code == 0 and "1603960 sums, outputs and state words compared" in found.output
