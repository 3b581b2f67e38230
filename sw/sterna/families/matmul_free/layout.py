"""Keys and shapes of the tensors of a MatMul-free LM, as released checkpoints name them.

Linear layouts are `[outputs, inputs]`.
"""

from __future__ import annotations

from sterna.families.matmul_free.configuration import ModelConfig

EMBEDDINGS, LOWER_BOUNDS = "model.embeddings.weight", "model.lower_bounds"
FINAL_NORM, HEAD = "model.norm.weight", "lm_head"

# Field of `LayerWeights` -> key below `model.layers.{index}.`
LAYER_NORMS = {"attn_norm": "attn_norm", "g_norm": "attn.g_norm", "mlp_norm": "mlp_norm"}
TOKEN_MATRICES = {
    "i_proj": "attn.i_proj",
    "f_proj": "attn.f_proj",
    "g_proj": "attn.g_proj",
    "o_proj": "attn.o_proj",
}
# By the channel mixer, field of its weights -> key: matrices behind a norm of their own, those
# that take spikes as they are, and what the neurons have one of each.
UNIT_MATRICES = {
    "glu": {"gate_proj": "mlp.gate_proj", "down_proj": "mlp.down_proj"},
    "lif": {"up_proj": "mlp.up_proj"},
}
SPIKE_MATRICES: dict[str, dict[str, str]] = {"glu": {}, "lif": {"down_proj": "mlp.down_proj"}}
NEURON_VECTORS: dict[str, dict[str, str]] = {
    "glu": {},
    "lif": {
        "decay_logit": "mlp.neurons.decay_logit",
        "threshold_log": "mlp.neurons.threshold_log",
    },
}


def layer_key(index: int, suffix: str) -> str:
    """The key of a part of a layer."""
    return f"model.layers.{index}.{suffix}"


def matrix_shape(config: ModelConfig, name: str) -> tuple[int, int]:
    """Shape `(outputs, inputs)` of a matrix by its field, or of the head."""
    hidden, intermediate = config.hidden_size, config.intermediate_size
    shapes = {
        HEAD: (config.vocab_size, hidden),
        "gate_proj": (2 * intermediate, hidden),
        "up_proj": (intermediate, hidden),
        "down_proj": (hidden, intermediate),
    }
    return shapes.get(name, (hidden, hidden))


def layer_tensors(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Key below a layer and shape of its tensors, in the order of use; matrices have two axes."""
    mixer = config.channel_mixer
    shapes: dict[str, tuple[int, ...]] = {
        f"{suffix}.weight": (config.hidden_size,) for suffix in LAYER_NORMS.values()
    }
    for name, suffix in (TOKEN_MATRICES | UNIT_MATRICES[mixer]).items():
        shapes[suffix] = matrix_shape(config, name)
        shapes[f"{suffix}.norm.weight"] = (matrix_shape(config, name)[1],)
    for suffix in NEURON_VECTORS[mixer].values():
        shapes[suffix] = (config.intermediate_size,)
    for name, suffix in SPIKE_MATRICES[mixer].items():
        shapes[suffix] = matrix_shape(config, name)
    return shapes


def all_tensors(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Key and shape of every tensor but the embeddings, in the order of use."""
    shapes: dict[str, tuple[int, ...]] = {}
    if config.use_lower_bound:
        shapes[LOWER_BOUNDS] = (config.num_hidden_layers, config.hidden_size)
    for index in range(config.num_hidden_layers):
        for suffix, shape in layer_tensors(config).items():
            shapes[layer_key(index, suffix)] = shape
    shapes[FINAL_NORM] = (config.hidden_size,)
    shapes[HEAD] = matrix_shape(config, HEAD)
    shapes[f"{HEAD}.norm.weight"] = (config.hidden_size,)
    return shapes


def all_matrices(config: ModelConfig) -> dict[str, tuple[int, int]]:
    """Key and shape of every ternary matrix, in the order of use."""
    return {
        key: (shape[0], shape[1])
        for key, shape in all_tensors(config).items()
        if len(shape) == 2 and key != LOWER_BOUNDS
    }


def all_vectors(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Key and shape of every other tensor but the embeddings, gains of matrices last but one.

    Random checkpoints are drawn in this order.
    """
    shapes, matrices = all_tensors(config), all_matrices(config)
    gains = [key for key in shapes if key.removesuffix(".norm.weight") in matrices.keys() - {key}]
    others = [key for key in shapes if key not in matrices and key not in gains]
    return {key: shapes[key] for key in (*others[:-1], *gains, others[-1])}
