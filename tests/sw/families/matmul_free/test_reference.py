"""The PyTorch model against loops over scalars and rows, written from the equations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.reference import MatMulFreeLM

Array = NDArray[np.float64]


def small_model(use_lower_bound: bool = True, channel_mixer: str = "glu") -> MatMulFreeLM:
    """A float64 model whose gains and bounds are all different from their initial values."""
    config = ModelConfig(
        vocab_size=23,
        hidden_size=12,
        num_hidden_layers=3,
        intermediate_size=20,
        use_lower_bound=use_lower_bound,
        channel_mixer=channel_mixer,
    )
    generator = torch.Generator().manual_seed(5)
    model = MatMulFreeLM(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.uniform_(0.5, 1.5, generator=generator)
            else:
                parameter.normal_(generator=generator)
    return model.double()


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def silu(z: Array) -> Array:
    return z * sigmoid(z)


def rms_norm(v: Array, gain: Array) -> Array:
    return v * gain / np.sqrt(np.mean(v * v) + 1e-6)


def bit_linear(v: Array, weight: Array, gain: Array) -> Array:
    n = rms_norm(v, gain)
    activation_scale = 127 / max(np.max(np.abs(n)), 1e-5)
    codes = np.clip(np.round(n * activation_scale), -128, 127)
    weight_scale = 1 / max(np.mean(np.abs(weight)), 1e-5)
    out = np.zeros(weight.shape[0])
    for row in range(weight.shape[0]):
        ternary = np.clip(np.round(weight[row] * weight_scale), -1, 1)
        out[row] = np.sum(codes * ternary) / (activation_scale * weight_scale)
    return out


class LoopModel:
    """Section by section the published recurrence, one token at a time."""

    def __init__(self, model: MatMulFreeLM) -> None:
        self.config = model.config
        self.weights = {key: value.numpy() for key, value in model.state_dict().items()}
        layers, hidden = self.config.num_hidden_layers, self.config.hidden_size
        self.membrane = np.zeros((layers, self.config.state_widths[1]))
        self.state = np.zeros((layers, hidden))
        self.bound = np.zeros((layers, hidden))
        if self.config.use_lower_bound:
            raw = self.weights["model.lower_bounds"].astype(np.float64)
            share = np.exp(raw) / np.sum(np.exp(raw), axis=0)
            for layer in range(1, layers):
                self.bound[layer] = np.sum(share[1 : layer + 1], axis=0)

    def linear(self, v: Array, key: str) -> Array:
        return bit_linear(v, self.weights[f"{key}.weight"], self.weights[f"{key}.norm.weight"])

    def spiking_unit(self, m: Array, layer: int, key: str) -> Array:
        y = self.linear(m, f"{key}.up_proj")
        decay = sigmoid(self.weights[f"{key}.neurons.decay_logit"])
        thresholds = np.exp(self.weights[f"{key}.neurons.threshold_log"])
        weight = self.weights[f"{key}.down_proj.weight"]
        scale = max(np.mean(np.abs(weight)), 1e-5)
        out = np.zeros(weight.shape[0])
        for neuron, threshold in enumerate(thresholds):
            v = decay[neuron] * self.membrane[layer, neuron] + y[neuron]
            if v >= threshold:
                out += scale * np.clip(np.round(weight[:, neuron] / scale), -1, 1)
                v -= threshold
                self.fired += 1
            self.membrane[layer, neuron] = max(v, -1.0)
        return out

    fired = 0

    def token(self, token: int) -> Array:
        x = self.weights["model.embeddings.weight"][token].copy()
        for layer in range(self.config.num_hidden_layers):
            key = f"model.layers.{layer}"
            a = rms_norm(x, self.weights[f"{key}.attn_norm.weight"])
            f = sigmoid(self.linear(a, f"{key}.attn.f_proj"))
            if layer > 0:
                f = self.bound[layer] + (1 - self.bound[layer]) * f
            c = silu(self.linear(a, f"{key}.attn.i_proj")) * (1 - f)
            h = self.state[layer] = f * self.state[layer] + c
            g = self.linear(a, f"{key}.attn.g_proj")
            u = rms_norm(g, self.weights[f"{key}.attn.g_norm.weight"]) * silu(h)
            x = x + self.linear(u, f"{key}.attn.o_proj")
            m = rms_norm(x, self.weights[f"{key}.mlp_norm.weight"])
            if self.config.channel_mixer == "lif":
                x = x + self.spiking_unit(m, layer, f"{key}.mlp")
                continue
            y = self.linear(m, f"{key}.mlp.gate_proj")
            half = self.config.intermediate_size
            x = x + self.linear(silu(y[:half]) * y[half:], f"{key}.mlp.down_proj")
        return self.linear(rms_norm(x, self.weights["model.norm.weight"]), "lm_head")


@pytest.mark.parametrize("use_lower_bound", [True, False])
def test_equals_the_equations_in_loops(use_lower_bound: bool) -> None:
    model = small_model(use_lower_bound)
    tokens = np.random.default_rng(1).integers(0, 23, 40)
    with torch.no_grad():
        logits, state = model(torch.tensor(tokens).unsqueeze(0))
    loops = LoopModel(model)
    expected = np.stack([loops.token(int(token)) for token in tokens])
    # The bounds are float32 in the module, hence the tolerance.
    np.testing.assert_allclose(logits[0].numpy(), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(state[:, 0].numpy(), loops.state, rtol=1e-5, atol=1e-5)


def test_spiking_unit_equals_the_equations_in_loops() -> None:
    model = small_model(channel_mixer="lif")
    tokens = np.random.default_rng(1).integers(0, 23, 40)
    with torch.no_grad():
        logits, state = model(torch.tensor(tokens).unsqueeze(0))
    loops = LoopModel(model)
    expected = np.stack([loops.token(int(token)) for token in tokens])
    assert 0.1 < loops.fired / (40 * 3 * 20) < 0.9
    np.testing.assert_allclose(logits[0].numpy(), expected, rtol=1e-5, atol=1e-5)
    kept = np.concatenate([loops.state, loops.membrane], 1)
    np.testing.assert_allclose(state[:, 0].numpy(), kept, rtol=1e-5, atol=1e-5)


def test_norm_is_on_the_gate_and_swish_on_the_state() -> None:
    # Scaling g leaves a normed gate as it is; swapped operands would scale the output.
    model = small_model()
    tokens = torch.arange(20).unsqueeze(0)
    with torch.no_grad():
        before, _ = model(tokens)
        for layer in range(3):
            weight = model.get_parameter(f"model.layers.{layer}.attn.g_proj.weight")
            weight.mul_(1000)
        after, _ = model(tokens)
    torch.testing.assert_close(before, after, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("channel_mixer", ["glu", "lif"])
def test_steps_equal_the_sequence_and_batches_are_independent(channel_mixer: str) -> None:
    model = small_model(channel_mixer=channel_mixer)
    tokens = torch.randint(0, 23, (3, 50), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        whole, last = model(tokens)
        state = model.initial_state(3)
        for time in range(50):
            logits, state = model.step(tokens[:, time], state)
            torch.testing.assert_close(logits, whole[:, time])
        torch.testing.assert_close(state, last)
        alone, _ = model(tokens[1:2])
        torch.testing.assert_close(alone[0], whole[1])
        first, carried = model(tokens[:, :17])
        second, _ = model(tokens[:, 17:], carried)
        torch.testing.assert_close(torch.cat([first, second], 1), whole)


def test_keys_and_shapes_are_those_of_a_released_checkpoint() -> None:
    config = ModelConfig(vocab_size=50, hidden_size=8, num_hidden_layers=2, intermediate_size=16)
    shapes = {key: tuple(value.shape) for key, value in MatMulFreeLM(config).state_dict().items()}
    expected: dict[str, tuple[int, ...]] = {
        "model.embeddings.weight": (50, 8),
        "model.lower_bounds": (2, 8),
        "model.norm.weight": (8,),
        "lm_head.weight": (50, 8),
        "lm_head.norm.weight": (8,),
    }
    for layer in range(2):
        key = f"model.layers.{layer}."
        for name in ("attn_norm", "mlp_norm", "attn.g_norm"):
            expected[f"{key}{name}.weight"] = (8,)
        for name in ("i_proj", "f_proj", "g_proj", "o_proj"):
            expected[f"{key}attn.{name}.weight"] = (8, 8)
            expected[f"{key}attn.{name}.norm.weight"] = (8,)
        expected[f"{key}mlp.gate_proj.weight"] = (32, 8)
        expected[f"{key}mlp.gate_proj.norm.weight"] = (8,)
        expected[f"{key}mlp.down_proj.weight"] = (8, 16)
        expected[f"{key}mlp.down_proj.norm.weight"] = (16,)
    assert shapes == expected


def test_released_size_has_365_tensors() -> None:
    with torch.device("meta"):
        model = MatMulFreeLM(ModelConfig(hidden_size=1024))
    assert len(model.state_dict()) == 365
    assert sum(tensor.numel() for tensor in model.state_dict().values()) == 374_108_160


@pytest.mark.parametrize("channel_mixer", ["glu", "lif"])
def test_every_parameter_is_trained(channel_mixer: str) -> None:
    model = small_model(channel_mixer=channel_mixer)
    logits, _ = model(torch.arange(23).unsqueeze(0))
    logits.square().mean().backward()
    untouched = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None or not parameter.grad.any()
    ]
    assert untouched == []
