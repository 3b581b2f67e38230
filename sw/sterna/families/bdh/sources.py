"""What is a checkpoint of the authors' module, by its tensors."""

from __future__ import annotations

from collections.abc import Iterable

from sterna.families.rwkv.sources import names_in

ENDINGS = (".pth", ".pt")
WITHIN = ("model", "model_state_dict", "state_dict")
"""What training scripts call the module among what they save."""
COMPILED = "_orig_mod."
"""What a compiled module, as the authors train one, puts before its names."""
MARKS = frozenset(("encoder", "encoder_v", "decoder"))


def is_checkpoint(source: str) -> bool:
    """Whether it is a file of tensors of these names."""
    return MARKS.issubset(bare(names_in(source, ENDINGS, WITHIN)))


def bare(names: Iterable[str]) -> dict[str, str]:
    """Names as the module has them, and what they are in the file."""
    return {name.removeprefix(COMPILED): name for name in names}
