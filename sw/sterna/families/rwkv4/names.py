"""Names of RWKV-4 models: those that come with Sterna, random ones and released sizes."""

from __future__ import annotations

from pathlib import Path

from sterna.families.family import ShippedModel
from sterna.families.folder import model_format

NAME = "rwkv4"
FORMAT = model_format(NAME, 1)
DEFAULTS = {"hidden": 128, "layers": 2, "intermediate": 0, "vocabulary": 512, "seed": 0}
"""What may stand behind ``random:family=rwkv4``, and its usual values."""
SIZES = {"rwkv4-169m": (768, 12), "rwkv4-430m": (1024, 24), "rwkv4-1b5": (2048, 24)}
"""Hidden size and layers of released models, of 50,277 tokens."""
_FOLDER = Path(__file__).parent / "shipped"

SHIPPED = {
    model.name: model for model in (
        ShippedModel(
            "rwkv4-tiny",
            "RWKV-4 trained on public-domain fairy tales, 193 thousand weights of five planes",
            _FOLDER / "rwkv4-tiny"),
    )
}
