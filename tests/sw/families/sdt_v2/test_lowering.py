"""Integers of a Spike-driven Transformer V2: alike layer by layer, and one machine's as another's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sterna.families.sdt_v2.version import SDT_V2
from sterna.families.spiking.store import load_network, save_network
from sterna.families.spiking_transformer.evaluate import agreement
from sterna.families.spiking_transformer.model import open_model

SMALL = "random:family=sdt-v2,image=32,width=8,heads=2,convs=2"
FOURTH = "random:family=sdt-v2,image=32,width=8,heads=4,convs=0,fourth=1"
"""Heads of ten channels, which have sixteen places."""
Command = Callable[..., Any]


def test_layer_by_layer() -> None:
    """Where a layer is given the integers' spikes it makes the same of nearly all."""
    model = open_model(SDT_V2, SMALL)
    found = agreement(model, 3, 2)
    layers = {name: alike.layer for name, alike in found.spikes.items()}
    assert len(layers) == 19 and min(layers.values()) > 0.97, layers
    assert found.layers_rms < 0.02
    assert all(0.01 < alike.rate < 0.7 for alike in found.spikes.values())
    assert found.mean("layer") > 0.99 > found.mean("alike")


def test_channels_beside_a_stage_and_its_heads() -> None:
    """They are never anything but 0, and change no class."""
    model = open_model(SDT_V2, FOURTH)
    assert model.network.population("block4.0.attn.q_lif").neurons == 4 * 4 * 16
    assert model.network.population("block4.0").neurons == 4 * 48
    assert agreement(model, 3, 2).layers_rms < 0.02


@pytest.mark.parametrize("name", [SMALL, FOURTH])
def test_the_machine_is_the_golden(sterna: Command, name: str) -> None:
    """Every sum, output and state word on the emulator."""
    found = sterna("verify", name, "--steps", 2, "--device", "emulator")
    assert found.code == 0 and "no difference" in found.output


@pytest.mark.verilator
@pytest.mark.long
def test_published_widths(sterna: Command) -> None:
    """In generated Verilog, with the fewest layers that hold every kind of operation."""
    found = sterna("verify", "random:family=sdt-v2", "--steps", 4)
    assert found.code == 0 and "2104840 sums, outputs and state words compared" in found.output


def test_a_folder_keeps_products(tmp_path: Any) -> None:
    """What is stored is what was stored."""
    network = open_model(SDT_V2, FOURTH).network
    save_network(network, tmp_path / "net")
    again = load_network(tmp_path / "net")
    assert again.products == network.products
    assert [item.name for item in again.populations] == [item.name for item in network.populations]


def test_what_is_told(sterna: Command) -> None:
    """A shape that cannot be and lanes that are no whole words are a line each; so is eval."""
    wrong = sterna("verify", "random:family=sdt-v2,width=7")
    assert wrong.code == 2 and "width is 7" in wrong.errors
    lanes = sterna("verify", SMALL, "--lanes", 32, "--device", "emulator")
    assert lanes.code == 2 and "no whole words of 32 lanes; give --lanes 16" in lanes.errors
    score = sterna("eval", SMALL)
    assert score.code == 0 and "layer by layer" in score.output
