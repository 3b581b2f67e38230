"""Names of Mamba models: random ones and released sizes."""

from __future__ import annotations

from sterna.families.family import ShippedModel
from sterna.families.folder import model_format

NAME = "mamba"
FORMAT = model_format(NAME, 1)
DEFAULTS = {"hidden": 128, "layers": 2, "intermediate": 0, "vocabulary": 512, "state": 16,
            "rank": 0, "seed": 0}
"""What may stand behind ``random:family=mamba``, and its usual values."""
SIZES = {"mamba-130m": (768, 24), "mamba-370m": (1024, 48), "mamba-790m": (1536, 48),
         "mamba-1.4b": (2048, 48), "mamba-2.8b": (2560, 64)}
"""Hidden size and layers of released models, of 50,280 tokens."""
SHIPPED: dict[str, ShippedModel] = {}
