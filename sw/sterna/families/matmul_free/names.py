"""Names of MatMul-free language models: those that come with Sterna, and random ones."""

from __future__ import annotations

import os
from pathlib import Path

from sterna.errors import InputError
from sterna.families.family import ShippedModel
from sterna.families.folder import model_format

NAME = "matmul-free"
MODEL_TYPE = "hgrn_bit"
"""Of released checkpoints."""
FORMAT, OLDER_FORMAT = model_format(NAME, 3), "sterna language model"
DEFAULTS = {"hidden": 256, "layers": 2, "intermediate": 0, "vocabulary": 512, "seed": 0}
"""What may stand behind ``random:``, and its usual values."""
_FOLDER = Path(__file__).parent / "shipped"

SHIPPED = {
    model.name: model for model in (
        ShippedModel(
            "demo",
            "MatMul-free LM trained on public-domain fairy tales, 1.5 million ternary weights",
            _FOLDER / "demo"),
        ShippedModel(
            "demo-spiking",
            "MatMul-free LM with spiking neurons for its gated units, same text, 1.3 million "
            "ternary weights",
            _FOLDER / "demo-spiking"),
        ShippedModel(
            "demo-tiny",
            "MatMul-free LM for small parts, same text, 129 thousand ternary weights",
            _FOLDER / "demo-tiny"),
    )
}


def find_folder(name_or_path: Path | str) -> Path:
    """The folder of a model: a shipped one by its name, any other by its path.

    Raises `InputError` when there is neither.
    """
    shipped = SHIPPED.get(str(name_or_path))
    if shipped is not None and shipped.folder is not None:
        return shipped.folder
    folder = Path(name_or_path)
    if os.path.isdir(folder):
        return folder
    reason = ("is a file, not a model folder" if os.path.exists(folder)
              else "no such model or folder")
    raise InputError(f"{name_or_path}: {reason}; shipped models: {', '.join(SHIPPED)}")
