"""Names of RWKV-5 models: random ones and released sizes."""

from __future__ import annotations

from sterna.families.family import ShippedModel
from sterna.families.folder import model_format

NAME = "rwkv5"
FORMAT = model_format(NAME, 1)
DEFAULTS = {"hidden": 128, "heads": 2, "layers": 2, "intermediate": 0, "vocabulary": 512, "seed": 0}
"""What may stand behind ``random:family=rwkv5``, and its usual values."""
SIZES = {"rwkv5-0.4b": (1024, 24), "rwkv5-1.5b": (2048, 24), "rwkv5-3b": (2560, 32)}
"""Hidden size and layers of released models, of 65,536 tokens and heads of 64."""
SHIPPED: dict[str, ShippedModel] = {}
