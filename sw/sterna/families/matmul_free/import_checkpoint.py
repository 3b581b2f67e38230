"""A released checkpoint becomes a model folder, with number formats that suit it."""

from __future__ import annotations

from pathlib import Path

from sterna.errors import InputError
from sterna.families.matmul_free.huggingface import open_huggingface
from sterna.families.matmul_free.lowering import Formats
from sterna.families.matmul_free.lowering.calibration import (
    CALIBRATION_TOKENS,
    Calibration,
    import_ids,
)
from sterna.families.matmul_free.names import FORMAT
from sterna.families.matmul_free.store import GENERATION_FILE, save_model
from sterna.families.matmul_free.weights import MatMulFreeModel
from sterna.families.requests import ImportRequest
from sterna.families.tokens.importing import calibration_text, tell_ignored
from sterna.families.tokens.options import Calibrate
from sterna.files.folder import check_target
from sterna.formats.tokenizer import Tokenizer, encode_documents, how_to_make_a_tokenizer
from sterna.progress import Report


def import_checkpoint(request: ImportRequest, report: Report) -> list[str]:
    """Read the checkpoint, choose formats, write the folder; what there is to tell.

    Raises `InputError` for a checkpoint that is not supported, and for a text without words.
    """
    source, output = Path(str(request.model)), request.output
    chosen = request.options.take(Calibrate)
    text = calibration_text(chosen, CALIBRATION_TOKENS)
    model = open_huggingface(source)
    sources = [source, *([] if chosen.calibrate is None else [chosen.calibrate])]
    check_target(output, FORMAT, sources)  # before the work, not only after it
    calibration: Calibration | None = None
    origin = ""
    if text is not None:
        tokens = _tokens(model, text, source)
        calibration = Calibration(model, tokens)
        origin = f"{len(tokens)} tokens of {chosen.calibrate}"
    elif not chosen.no_calibrate:
        ids = import_ids(model.config)
        calibration, origin = Calibration(model, ids), f"{len(ids)} random ids (--calibrate TEXT)"
    save_model(
        model, output, lambda done, parts: report("importing layers", done, parts), calibration,
        sources)
    if calibration is None:
        lines = [f"{Formats().summary()}; the defaults, not calibrated"]
    else:
        lines = [f"{calibration.formats.summary()}; chosen from {origin}"]
        for concern in calibration.concerns:
            report.note(f"sterna: {output}: warning: {concern}")
    tell_ignored(model.generation, source / GENERATION_FILE, report)
    if model.tokenizer_path is None:
        lines += [f"takes no text, for want of a tokenizer.json; make one in {source} and "
                  f"import it again, {how_to_make_a_tokenizer(source)}",
                  f"imported; try: sterna verify {output}"]
    else:
        lines.append(f"imported; try: sterna run {output} --prompt 'Once upon a time'")
    return [f"{output}: {line}" for line in lines]


def _tokens(model: MatMulFreeModel, text: str, source: Path) -> list[int]:
    """The first tokens of a text. Raises `InputError` when the checkpoint has no tokenizer."""
    if model.tokenizer_path is None:
        raise InputError(f"{source}: has no tokenizer.json, which --calibrate needs; make one "
                         f"there, {how_to_make_a_tokenizer(source)}; or leave --calibrate out")
    config, tokenizer = model.config, Tokenizer.from_file(model.tokenizer_path)
    encoded = encode_documents(tokenizer, text, config.bos_token_id, config.end_token)
    return encoded.ids[:CALIBRATION_TOKENS]
