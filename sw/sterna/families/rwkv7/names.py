"""Names of RWKV-7 models: random ones and released sizes."""

from __future__ import annotations

from pathlib import Path

from sterna.families.family import ShippedModel
from sterna.families.folder import model_format

NAME = "rwkv7"
FORMAT = model_format(NAME, 1)
DEFAULTS = {"hidden": 128, "heads": 2, "layers": 2, "intermediate": 0, "vocabulary": 512,
            "decay_rank": 32, "rate_rank": 32, "value_rank": 32, "gate_rank": 64, "seed": 0}
"""What may stand behind ``random:family=rwkv7``, and its usual values."""
SIZES = {"rwkv7-0.1b": (768, 12, 64, 64, 32, 128), "rwkv7-0.4b": (1024, 24, 64, 64, 32, 128),
         "rwkv7-1.5b": (2048, 24, 96, 96, 64, 256)}
"""Hidden size, layers, and ranks of decays, rates, values and gates of released models, of 65,536
tokens and heads of 64."""
_FOLDER = Path(__file__).parent / "shipped"
SHIPPED = {
    model.name: model for model in (
        ShippedModel(
            "rwkv-tiny",
            "RWKV-7 trained on public-domain fairy tales, 196 thousand weights of five planes",
            _FOLDER / "rwkv-tiny"),
    )
}
