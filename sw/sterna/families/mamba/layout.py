"""Names and shapes of the tensors of a Mamba."""

from __future__ import annotations

from sterna.families.layers.convolution import TAPS
from sterna.families.mamba.configuration import MambaConfig
from sterna.families.rwkv.layout import EMBEDDINGS, HEAD, LAST_NORM, layer_key

THEIRS = {"backbone.embeddings.": "emb.", "backbone.layers.": "blocks.",
          "backbone.norm_f.": "ln_out.", "lm_head.": "head.", ".norm.": ".ln1.", ".mixer.": ".att."}
"""What ours have in place of parts of their names in transformers, whose prefixes are RWKV's."""
ENTER, TURN, STEP, OUTPUT = "att.in_proj", "att.x_proj", "att.dt_proj", "att.out_proj"
CONVOLUTION, LOG_RATE, SKIP = "att.conv1d", "att.A_log", "att.D"
LINEAR = {"value": ENTER, "gate": ENTER, "step_down": TURN, "mix": TURN, "step_up": STEP,
          "output": OUTPUT}
"""Where the rows of a matrix in the program are; `mix` gives what enters cells, and what they are
read with."""


def matrix_shape(config: MambaConfig, name: str) -> tuple[int, int]:
    """Outputs and inputs of one of `LINEAR`."""
    hidden, wide, rank = config.hidden_size, config.intermediate_size, config.step_rank
    return {"step_down": (rank, wide), "mix": (2 * config.state_size, wide),
            "step_up": (wide, rank), "output": (hidden, wide)}.get(name, (wide, hidden))


def tensors(config: MambaConfig) -> dict[str, tuple[int, ...]]:
    """Key and shape of every tensor, in the order of use."""
    hidden, wide, rank = config.hidden_size, config.intermediate_size, config.step_rank
    cells = config.state_size
    layer: dict[str, tuple[int, ...]] = {
        "ln1.weight": (hidden,), f"{ENTER}.weight": (2 * wide, hidden),
        f"{CONVOLUTION}.weight": (wide, 1, TAPS), f"{CONVOLUTION}.bias": (wide,),
        f"{TURN}.weight": (rank + 2 * cells, wide), f"{STEP}.weight": (wide, rank),
        f"{STEP}.bias": (wide,), LOG_RATE: (wide, cells), SKIP: (wide,),
        f"{OUTPUT}.weight": (hidden, wide)}
    return ({EMBEDDINGS: (config.vocab_size, hidden)}
            | {layer_key(index, name): shape for index in range(config.num_hidden_layers)
               for name, shape in layer.items()}
            | {f"{LAST_NORM}.weight": (hidden,), HEAD: (config.vocab_size, hidden)})
