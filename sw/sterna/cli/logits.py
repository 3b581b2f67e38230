"""`sterna eval --ids --logits`: logits on given token ids, for comparison with other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sterna.cli.model_argument import open_model, sources_of
from sterna.cli.terminal import ProgressReport, print_json, print_table
from sterna.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def write_logits(model: str, ids: Path, target: Path, json: bool) -> None:
    """Write the logits float32 [sequences, tokens, vocabulary] of float reference and golden.

    Every sequence starts from the zero state. Raises `InputError` for ids that are no such array
    or outside the vocabulary, and when the target is no file of arrays of ours.
    """
    import numpy as np
    import torch

    from sterna.families.matmul_free.conversion import float_reference
    from sterna.families.matmul_free.lowering import lower
    from sterna.families.matmul_free.score import evaluate, reference_logits
    from sterna.files.arrays import check_file, save_arrays

    sources = [ids, *sources_of(model)]
    check_file(target, sources)
    opened = open_model(model)
    tokens = torch.from_numpy(read_ids(ids, opened.model.config.vocab_size))
    exact = reference_logits(float_reference(opened.model), tokens).numpy()
    program = lower(opened.model, name=opened.name)
    with ProgressReport() as report:
        golden = evaluate(
            program, tokens, lambda done, parts: report("computing tokens", done, parts)
        ).float().numpy()
    save_arrays(target, {"float": exact, "golden": golden}, sources)
    error = float(np.sqrt(np.square(golden - exact).mean()) / exact.std())
    same = int((golden.argmax(-1) == exact.argmax(-1)).sum())
    if json:
        print_json({
            "model": opened.name, "sequences": tokens.shape[0], "tokens": tokens.shape[1],
            "error_std": error, "same_best": same, "positions": tokens.numel(),
            "logits": str(target),
        })
        return
    print_table([
        ("ids", f"{tokens.shape[0]} sequences of {tokens.shape[1]} tokens"),
        ("golden", f"{error:.4f} standard deviations (rms) from the float reference"),
        ("best token", f"the same at {same} of {tokens.numel()} positions"),
        ("logits", f"{target}: float, golden [sequences, tokens, {exact.shape[-1]}]"),
    ])


def read_ids(path: Path, vocabulary: int) -> NDArray[np.int64]:
    """Token ids int64 [sequences, tokens] of a .npy file. Raises `InputError` naming the file."""
    import numpy as np

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
