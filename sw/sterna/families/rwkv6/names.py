"""Names of RWKV-6 models: random ones and released sizes."""

from __future__ import annotations

from sterna.families.family import ShippedModel
from sterna.families.folder import model_format

NAME = "rwkv6"
FORMAT = model_format(NAME, 1)
DEFAULTS = {"hidden": 128, "heads": 2, "layers": 2, "intermediate": 0, "vocabulary": 512,
            "mix_rank": 32, "decay_rank": 64, "seed": 0}
"""What may stand behind ``random:family=rwkv6``, and its usual values."""
SIZES = {"rwkv6-1.6b": (2048, 24), "rwkv6-3b": (2560, 32)}
"""Hidden size and layers of released models, of 65,536 tokens and heads of 64."""
SHIPPED: dict[str, ShippedModel] = {}
