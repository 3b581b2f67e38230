"""The models that come with Sterna, and how a model's name becomes a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sterna.errors import InputError
from sterna.families.spiking.examples import EXAMPLES

_SHIPPED = Path(__file__).parent / "matmul_free" / "shipped"


@dataclass(frozen=True)
class ShippedModel:
    """A model in the package: its name, its folder and what it is."""

    name: str
    folder: Path
    description: str


def shipped_models() -> list[ShippedModel]:
    """All models that come with the package, in the order of their names."""
    return [
        ShippedModel(
            "demo",
            _SHIPPED / "demo",
            "MatMul-free LM trained on public-domain fairy tales, 1.5 million ternary weights",
        ),
        ShippedModel(
            "demo-tiny",
            _SHIPPED / "demo-tiny",
            "MatMul-free LM for small parts, same text, 129 thousand ternary weights",
        ),
    ]


def find_model(name_or_path: Path | str) -> Path:
    """The folder of a model: a shipped one by its name, any other by its path.

    Raises `InputError` naming the shipped models when there is neither.
    """
    for model in shipped_models():
        if name_or_path == model.name:
            return model.folder
    folder = Path(name_or_path)
    if folder.is_dir():
        return folder
    names = ", ".join([*(model.name for model in shipped_models()), *EXAMPLES])
    reason = "is a file, not a model folder" if folder.exists() else "no such model or folder"
    if ".py:" in str(name_or_path):
        reason = f"is not a model yet; sterna import {name_or_path} -o DIR makes one of it"
    raise InputError(f"{name_or_path}: {reason}; shipped models: {names}")
