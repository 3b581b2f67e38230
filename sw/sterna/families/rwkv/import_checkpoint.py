"""A checkpoint becomes a model folder, with number formats that suit it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sterna.errors import InputError
from sterna.families.requests import ImportRequest
from sterna.families.rwkv.calibration import CALIBRATION_TOKENS, random_ids
from sterna.families.rwkv.model import module_of
from sterna.families.rwkv.options import Planes
from sterna.families.rwkv.precision import choose_planes, random_data
from sterna.families.rwkv.store import GENERATION_FILE, save_model
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.tokens.importing import calibration_text, tell_ignored
from sterna.families.tokens.options import Calibrate
from sterna.families.tokens.precision import TEXT_TOKENS
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
    chosen, planes = request.options.take(Calibrate), request.options.take(Planes)
    text = calibration_text(chosen, TEXT_TOKENS if planes.auto else CALIBRATION_TOKENS)
    model = opened(source)
    version = model.version
    sources = [source, *([] if chosen.calibrate is None else [chosen.calibrate])]
    check_target(output, version.format, sources)  # before the work, not only after it
    formats, origin = version.formats(None), "the defaults, not calibrated"
    tokens = None if text is None else _tokens(model, text)
    told: list[str] = []
    if not chosen.no_calibrate:
        if tokens is None:
            ids = random_ids(model.config)
            origin = f"chosen from {len(ids)} random ids (--calibrate TEXT)"
        else:
            ids = tokens[:CALIBRATION_TOKENS]
            origin = f"chosen from {len(ids)} tokens of {chosen.calibrate}"
        found = version.calibrate(
            model, ids, lambda done, parts: report("choosing number formats", done, parts))
        formats = found.formats
        for concern in found.concerns:
            report.note(f"sterna: {output}: warning: {concern}")
    if planes.auto:
        data = random_data(model.config) if tokens is None else (
            tokens, f"tokens of {chosen.calibrate}", True)
        found = choose_planes(model, formats, module_of(model), *data, planes.planes_target, report)
        formats, told = found.formats, found.lines
    elif planes.fixed is not None:
        formats = formats.with_planes(planes.fixed)
    save_model(replace(model, formats=formats.to_json()), output,
               lambda done, parts: report("importing tensors", done, parts), sources)
    tell_ignored(model.generation, source / GENERATION_FILE, report)
    lines = [f"{formats.summary()}; {origin}", *told]
    if model.tokenizer_path is None:
        lines += ["takes no text, for want of a tokenizer; put it beside the checkpoint, and "
                  "import it again", f"imported; try: sterna verify {output}"]
    else:
        lines.append(f"imported; try: sterna run {output} --prompt 'Once upon a time'")
    return [f"{output}: {line}" for line in lines]


def _tokens(model: RwkvModel, text: str) -> list[int]:
    """The tokens of a text. Raises `InputError` when the checkpoint has no tokenizer."""
    if model.tokenizer_path is None:
        raise InputError("the checkpoint has no tokenizer, which --calibrate needs; put it beside "
                         "the checkpoint, or leave --calibrate out")
    config, tokenizer = model.config, read_tokenizer(model.tokenizer_path)
    return encode_documents(tokenizer, text, config.bos_token_id, config.eos_token_id).ids
