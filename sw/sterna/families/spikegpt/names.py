"""Names of SpikeGPT models: random ones and released sizes."""

from __future__ import annotations

from pathlib import Path

from sterna.families.family import ShippedModel
from sterna.families.folder import model_format

NAME = "spikegpt"
FORMAT = model_format(NAME, 1)
DEFAULTS = {"hidden": 128, "layers": 2, "intermediate": 0, "vocabulary": 512, "seed": 0}
"""What may stand behind ``random:family=spikegpt``, and its usual values."""
SIZES = {"spikegpt-216m": (768, 18)}
"""Hidden size and layers of released models, of 50,277 tokens."""
SHIPPED = {
    model.name: model for model in (
        ShippedModel(
            "spikegpt-tiny",
            "SpikeGPT trained on public-domain fairy tales, 193 thousand weights of five planes",
            Path(__file__).parent / "shipped" / "spikegpt-tiny"),
    )
}
PREFIX = "spikegpt:"
"""In front of a file: its tensors have the names and shapes of an RWKV-4's."""
