"""A checkpoint becomes a model folder, with number formats that suit it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sterna.errors import InputError
from sterna.families.requests import ImportRequest
from sterna.families.rwkv.calibration import CALIBRATION_TOKENS, random_ids
from sterna.families.rwkv.options import Planes
from sterna.families.rwkv.store import GENERATION_FILE, save_model
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.tokens.importing import calibration_text, tell_ignored
from sterna.families.tokens.options import Calibrate
from sterna.files.folder import check_target
from sterna.formats.tokenizer import encode_documents
from sterna.formats.vocabulary import read_tokenizer
from sterna.progress import Report


def import_checkpoint(opened: Callable[[Path], RwkvModel], request: ImportRequest, report: Report
                      ) -> list[str]:
    """Read the checkpoint, choose formats, write the folder; what there is to tell.

    Raises `InputError` for a checkpoint that is not supported, and for a text without words.
    """
    source, output = Path(str(request.model)), request.output
    chosen, planes = request.options.take(Calibrate), request.options.take(Planes).planes
    text = calibration_text(chosen, CALIBRATION_TOKENS)
    model = opened(source)
    version = model.version
    sources = [source, *([] if chosen.calibrate is None else [chosen.calibrate])]
    check_target(output, version.format, sources)  # before the work, not only after it
    formats, origin = version.formats(None), "the defaults, not calibrated"
    if not chosen.no_calibrate:
        if text is None:
            ids = random_ids(model.config)
            origin = f"chosen from {len(ids)} random ids (--calibrate TEXT)"
        else:
            ids = _tokens(model, text)
            origin = f"chosen from {len(ids)} tokens of {chosen.calibrate}"
        found = version.calibrate(
            model, ids, lambda done, parts: report("choosing number formats", done, parts))
        formats = found.formats
        for concern in found.concerns:
            report.note(f"sterna: {output}: warning: {concern}")
    if planes is not None:
        formats = formats.with_planes(planes)
    save_model(replace(model, formats=formats.to_json()), output,
               lambda done, parts: report("importing tensors", done, parts), sources)
    tell_ignored(model.generation, source / GENERATION_FILE, report)
    lines = [f"{formats.summary()}; {origin}"]
    if model.tokenizer_path is None:
        lines += ["takes no text, for want of a tokenizer; put it beside the checkpoint, and "
                  "import it again", f"imported; try: sterna verify {output}"]
    else:
        lines.append(f"imported; try: sterna run {output} --prompt 'Once upon a time'")
    return [f"{output}: {line}" for line in lines]


def _tokens(model: RwkvModel, text: str) -> list[int]:
    """The first tokens of a text. Raises `InputError` when the checkpoint has no tokenizer."""
    if model.tokenizer_path is None:
        raise InputError("the checkpoint has no tokenizer, which --calibrate needs; put it beside "
                         "the checkpoint, or leave --calibrate out")
    config, tokenizer = model.config, read_tokenizer(model.tokenizer_path)
    encoded = encode_documents(tokenizer, text, config.bos_token_id, config.eos_token_id)
    return encoded.ids[:CALIBRATION_TOKENS]
