from __future__ import annotations

from pathlib import Path

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st
from sterna.errors import InputError
from sterna.formats.tokenizer import Tokenizer, encode_documents, read_text, split_documents
from tokenizers import decoders, models, normalizers, pre_tokenizers

SAMPLE = "Der Bär aß Käse; 熊は眠った。🐻‍❄️ <s> \r\n\tEnd"


def byte_level() -> Tokenizer:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    names = ["<unk>", "<s>", "</s>", *alphabet]
    tokenizer = tokenizers.Tokenizer(
        models.BPE({name: index for index, name in enumerate(names)}, [])
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(names[:3])
    return Tokenizer(tokenizer)


def byte_fallback() -> Tokenizer:
    """As the released models have it: words behind a visible space, bytes for the rest."""
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    pieces += [*"▁abcdefghijklmnopqrstuvwxyz", "▁b", "▁be", "▁bea"]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    merges = [("▁", "b"), ("▁b", "e"), ("▁be", "a")]
    model = models.BPE(vocabulary, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True)
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    return Tokenizer(tokenizer)


TOKENIZERS = {"byte level": byte_level(), "byte fallback": byte_fallback()}


@pytest.mark.parametrize("name", TOKENIZERS)
@given(text=st.text(st.characters(exclude_characters="▁", codec="utf-8"), min_size=1))
def test_any_text_comes_back_whole_and_as_a_stream(name: str, text: str) -> None:
    tokenizer = TOKENIZERS[name]
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    stream = tokenizer.stream()
    pieces = [stream.push(token) for token in ids]
    assert "".join(pieces) + stream.finish() == text
    if "\ufffd" not in text:
        assert all("\ufffd" not in piece for piece in pieces)


@pytest.mark.parametrize("name", TOKENIZERS)
def test_stream_behind_a_prompt_continues_it(name: str) -> None:
    tokenizer = TOKENIZERS[name]
    ids = [1, *tokenizer.encode(SAMPLE)]
    for cut in range(1, len(ids)):
        stream = tokenizer.stream(ids[:cut])
        told = "".join(stream.push(token) for token in ids[cut:]) + stream.finish()
        if "\ufffd" not in tokenizer.decode(ids[:cut]):
            assert tokenizer.decode(ids[:cut]) + told == SAMPLE


@pytest.mark.parametrize("name", TOKENIZERS)
def test_bytes_that_are_no_character_do_not_stop_the_stream(name: str) -> None:
    tokenizer = TOKENIZERS[name]
    lead = tokenizer.encode("é")[-2]
    stream = tokenizer.stream()
    told = [stream.push(lead) for _ in range(20)]
    assert any(told)
    told += [stream.push(token) for token in tokenizer.encode("end")]
    assert ("".join(told) + stream.finish()).endswith("end")


def test_special_tokens_are_silent_and_cannot_be_typed() -> None:
    tokenizer = byte_level()
    stream = tokenizer.stream()
    assert [stream.push(token) for token in (1, 2)] == ["", ""]
    assert 1 not in tokenizer.encode("<s>")


def test_documents() -> None:
    text = "one\n\ntwo\n<|end|>\nthree\n<|end|>\n"
    assert split_documents(text) == ["one\n\ntwo", "three", ""]
    assert split_documents("plain <|end|> text\n") == ["plain <|end|> text\n"]


def test_encoded_documents_open_and_close() -> None:
    tokenizer = byte_level()
    encoded = encode_documents(tokenizer, "ab\n<|end|>\nä", 1, 2)
    assert encoded.ids == [1, *tokenizer.encode("ab"), 2, 1, *tokenizer.encode("ä")]
    assert encoded.byte_count == 4
    with pytest.raises(InputError, match="empty"):
        encode_documents(tokenizer, "\n<|end|>\n", 1, 2)


def test_bad_files(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with pytest.raises(InputError, match="file not found"):
        read_text(path)
    with pytest.raises(InputError, match="file not found"):
        Tokenizer.from_file(path)
    path.write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match=r"not UTF-8 text \(byte 3\)"):
        read_text(path)
    with pytest.raises(InputError, match="is not a tokenizer"):
        Tokenizer.from_file(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_text(tmp_path)
