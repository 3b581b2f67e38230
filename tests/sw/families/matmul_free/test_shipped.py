from __future__ import annotations

from pathlib import Path

import pytest
from sterna.errors import InputError
from sterna.families.matmul_free.conversion import float_reference
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.names import SHIPPED, find_folder
from sterna.families.matmul_free.ranges import spike_shares
from sterna.families.matmul_free.store import load_model
from sterna.families.tokens.float_score import score_text
from sterna.families.tokens.score import score_program
from sterna.formats.tokenizer import Tokenizer, encode_documents

# Three sentences of a fairy tale of the Brothers Grimm in an old public-domain translation.
SENTENCES = """\
There was once upon a time a poor woman who gave birth to a little son;
and as he came into the world with a caul on, it was predicted that in
his fourteenth year he would have the King's daughter for his wife. It
happened that soon afterwards the King came into the village, and no one
knew that he was the King.
"""


def test_every_shipped_model_opens_and_has_a_tokenizer() -> None:
    for shipped in SHIPPED.values():
        model = load_model(shipped.name)
        assert model.tokenizer_path is not None
        tokenizer = Tokenizer.from_file(model.tokenizer_path)
        assert tokenizer.vocabulary_size <= model.config.vocab_size
        assert tokenizer.decode(tokenizer.encode("Ähre, 稲 and 🌾\n")) == "Ähre, 稲 and 🌾\n"
        assert len(list(model.layers)) == model.config.num_hidden_layers


def test_demo_has_learnt_english() -> None:
    model = load_model("demo")
    assert 1_000_000 <= model.config.ternary_weight_count <= 1_810_000
    assert model.tokenizer_path is not None
    tokenizer = Tokenizer.from_file(model.tokenizer_path)
    text = encode_documents(
        tokenizer, SENTENCES, model.config.bos_token_id, model.config.eos_token_id
    )
    # A uniform guess of the next token costs nine bits, about four bits a byte.
    assert score_text(float_reference(model), text, 1).bits_per_byte < 2.2


def test_the_tiny_demo_has_learnt_some_english_and_is_small() -> None:
    model = load_model("demo-tiny")
    # The four single-port RAMs of an UP5K hold 1,048,576 bits.
    assert model.config.ternary_weight_count * 2 <= 1 << 20
    assert model.tokenizer_path is not None
    tokenizer = Tokenizer.from_file(model.tokenizer_path)
    text = encode_documents(
        tokenizer, SENTENCES, model.config.bos_token_id, model.config.eos_token_id
    )
    assert score_text(float_reference(model), text, 1).bits_per_byte < 2.5


def test_the_spiking_demo_has_learnt_english_with_few_spikes() -> None:
    model = load_model("demo-spiking")
    assert model.config.channel_mixer == "lif" and model.folder is not None
    assert sum(path.stat().st_size for path in model.folder.iterdir()) <= 1 << 20
    assert model.tokenizer_path is not None
    tokenizer = Tokenizer.from_file(model.tokenizer_path)
    begin = model.config.bos_token_id
    text = encode_documents(tokenizer, SENTENCES, begin, model.config.eos_token_id)
    reference = float_reference(model)
    score = score_text(reference, text, begin)
    assert score.bits_per_byte < 2.2
    golden = score_program(lower(model), text, begin, streams=1)
    # Over 140 tokens; docs/models.md has the figure of a whole text.
    assert abs(golden.perplexity / score.perplexity - 1) < 0.02
    assert all(0.01 < share < 0.2 for share in spike_shares(reference, text))


def test_a_folder_is_found_by_its_path(tmp_path: Path) -> None:
    assert find_folder(tmp_path) == tmp_path
    assert find_folder(str(tmp_path)) == tmp_path


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="demmo: no such model or folder; .* demo, demo-sp"):
        find_folder("demmo")
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(InputError, match="is a file"):
        find_folder(path)
