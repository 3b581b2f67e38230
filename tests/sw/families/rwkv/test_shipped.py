"""The models that come with the families: small, trained, and the same in integers."""

from __future__ import annotations

import pytest
from sterna.families.rwkv.model import module_of
from sterna.families.rwkv.store import load_model
from sterna.families.rwkv.version import Version
from sterna.families.rwkv4.version import RWKV4
from sterna.families.rwkv7.version import RWKV7
from sterna.families.spikegpt.version import SPIKEGPT
from sterna.families.tokens.float_score import score_text
from sterna.families.tokens.score import score_program
from sterna.formats.tokenizer import encode_documents
from sterna.formats.vocabulary import read_tokenizer

from tests.sw.families.matmul_free.test_shipped import SENTENCES


@pytest.mark.parametrize(("name", "version"), [
    ("rwkv4-tiny", RWKV4), ("rwkv-tiny", RWKV7), ("spikegpt-tiny", SPIKEGPT)])
def test_it_has_learnt_some_english_and_is_small(name: str, version: Version) -> None:
    model = load_model(name, version)
    assert model.folder is not None and model.tokenizer_path is not None
    assert model.config.matrix_weights + 512 * 64 <= 300_000
    assert sum(path.stat().st_size for path in model.folder.iterdir()) <= 500_000
    config = model.config
    text = encode_documents(read_tokenizer(model.tokenizer_path), SENTENCES, config.bos_token_id,
                            config.eos_token_id)
    score = score_text(module_of(model), text, config.bos_token_id)
    # A uniform guess of the next token costs nine bits, about four bits a byte.
    assert score.bits_per_byte < 2.5
    golden = score_program(version.lower(model), text, config.bos_token_id, streams=1)
    # Over some 140 tokens; docs/models.md has the figure of a whole text.
    assert abs(golden.perplexity / score.perplexity - 1) < 0.02
