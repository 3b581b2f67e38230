"""Logits on given token ids, for comparison with other programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.tokens.score import evaluate, reference_logits
from sterna.files.arrays import check_file, save_arrays
from sterna.progress import Report
from sterna.shown import Shown

if TYPE_CHECKING:
    from sterna.families.tokens.model import TokenModel


@dataclass(frozen=True, kw_only=True, repr=False)
class LogitsWritten(Shown):
    """How near the golden's logits are to those of the float reference."""

    model: str
    sequences: int
    tokens: int
    error_std: float
    same_best: int
    vocabulary: int
    logits: Path

    @property
    def positions(self) -> int:
        """Tokens of all sequences."""
        return self.sequences * self.tokens

    def to_dict(self) -> dict[str, object]:
        return {
            "model": self.model, "sequences": self.sequences, "tokens": self.tokens,
            "error_std": self.error_std, "same_best": self.same_best,
            "positions": self.positions, "logits": str(self.logits),
        }

    def text(self) -> list[str | tuple[str, object]]:
        return [
            ("ids", f"{self.sequences} sequences of {self.tokens} tokens"),
            ("golden", f"{self.error_std:.4f} standard deviations (rms) from the float reference"),
            ("best token", f"the same at {self.same_best} of {self.positions} positions"),
            ("logits", f"{self.logits}: float, golden [sequences, tokens, {self.vocabulary}]"),
        ]


def write_logits(model: TokenModel, ids: Path, target: Path, report: Report
                 ) -> LogitsWritten:
    """Write the logits float32 [sequences, tokens, vocabulary] of float reference and golden.

    Every sequence starts from the zero state. Raises `InputError` for ids that are no such array
    or outside the vocabulary, and when the target is no file of arrays of ours.
    """
    sources = [ids, *model.sources]
    check_file(target, sources)
    tokens = torch.from_numpy(read_ids(ids, model.vocabulary))
    exact = reference_logits(model.reference(), tokens).numpy()
    golden = evaluate(
        model.lowered, tokens, lambda done, parts: report("computing tokens", done, parts)
    ).float().numpy()
    save_arrays(target, {"float": exact, "golden": golden}, sources)
    return LogitsWritten(
        model=model.name, sequences=tokens.shape[0], tokens=tokens.shape[1],
        error_std=float(np.sqrt(np.square(golden - exact).mean()) / exact.std()),
        same_best=int((golden.argmax(-1) == exact.argmax(-1)).sum()),
        vocabulary=exact.shape[-1], logits=target)


def read_ids(path: Path, vocabulary: int) -> NDArray[np.int64]:
    """Token ids int64 [sequences, tokens] of a .npy file. Raises `InputError` naming the file."""
    try:
        ids = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"{path}: file not found") from None
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path}: is not an array of NumPy ({error})") from None
    if not isinstance(ids, np.ndarray):
        raise InputError(f"{path}: holds several arrays; give one (.npy)")
    if ids.ndim != 2 or ids.size == 0 or ids.dtype.kind not in "iu":
        raise InputError(
            f"{path}: is {ids.dtype} of shape {list(ids.shape)}; token ids are whole numbers "
            "[sequences, tokens]"
        )
    if ids.min() < 0 or ids.max() >= vocabulary:
        wrong = int(ids.min() if ids.min() < 0 else ids.max())
        raise InputError(f"{path}: id {wrong} is outside the vocabulary of {vocabulary}")
    return ids.astype(np.int64)
