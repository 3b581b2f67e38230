from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from sterna.families.matmul_free import ranges
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.conversion import float_reference
from sterna.families.matmul_free.random_model import random_model
from sterna.families.matmul_free.ranges import spike_shares, value_ranges
from sterna.formats.tokenizer import EncodedText

CONFIG = ModelConfig(vocab_size=32, hidden_size=16, num_hidden_layers=2, intermediate_size=24)
IDS = torch.randint(0, 32, (50,), generator=torch.Generator().manual_seed(1))


def test_greatest_magnitudes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "CHUNK", 8)
    reference = float_reference(random_model(CONFIG, 2))
    greatest = value_ranges(reference, EncodedText(IDS.tolist(), 50))
    assert {name: len(numbers) for name, numbers in greatest.items()} == {
        "embedding": 1,
        "logit": 1,
        "residual x": 2,
        "input gate i": 2,
        "forget gate f": 2,
        "output gate g": 2,
        "state h": 2,
        "mixer output o": 2,
        "unit gate": 2,
        "unit up": 2,
        "unit output": 2,
    }
    logits, state = reference(IDS.unsqueeze(0))
    assert greatest["logit"][0] == pytest.approx(float(logits.abs().max()), rel=1e-4)
    assert greatest["embedding"][0] == float(reference.model.embeddings(IDS).abs().max())
    first = reference.model.layers[0]
    inner, _ = first(reference.model.embeddings(IDS), torch.zeros(16), torch.zeros(16))
    assert greatest["residual x"][0] == pytest.approx(float(inner.abs().max()), rel=1e-4)
    assert greatest["state h"][1] >= float(state[1].abs().max()) - 1e-5


def test_input_of_neurons_in_place_of_the_gates() -> None:
    reference = float_reference(random_model(replace(CONFIG, channel_mixer="lif"), 2))
    greatest = value_ranges(reference, EncodedText(IDS.tolist(), 50))
    assert "unit gate" not in greatest and len(greatest["neuron input"]) == 2
    inner: list[torch.Tensor] = []
    unit = reference.get_submodule("model.layers.0.mlp.up_proj")
    unit.register_forward_hook(lambda _, inputs, output: inner.append(output))
    reference(IDS.unsqueeze(0))
    assert greatest["neuron input"][0] == pytest.approx(float(inner[0].abs().max()), rel=1e-4)


def test_shares_of_the_neurons_that_fire(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "CHUNK", 8)
    reference = float_reference(random_model(replace(CONFIG, channel_mixer="lif"), 2))
    text = EncodedText(IDS.tolist(), 50)
    shares = spike_shares(reference, text)
    spikes: list[torch.Tensor] = []
    for layer in reference.model.layers:
        neurons = layer.get_submodule("mlp.neurons")
        neurons.register_forward_hook(lambda _, inputs, output: spikes.append(output[0]))
    reference(IDS.unsqueeze(0))
    assert shares == pytest.approx([float(part.mean()) for part in spikes])
    assert all(0.01 < share < 0.5 for share in shares)
    assert spike_shares(float_reference(random_model(CONFIG, 2)), text) == []


@pytest.mark.parametrize("mixer", ["glu", "lif"])
def test_no_observer_stays_behind(mixer: str) -> None:
    reference = float_reference(random_model(replace(CONFIG, channel_mixer=mixer), 2))
    value_ranges(reference, EncodedText(IDS.tolist(), 50))
    spike_shares(reference, EncodedText(IDS.tolist(), 50))
    assert not any(module._forward_hooks for module in reference.modules())
