from __future__ import annotations

from pathlib import Path

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st
from sterna.errors import InputError
from sterna.formats.tokenizer import Tokenizer, encode_documents
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
        Tokenizer.from_file(path)
    path.write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match="is not a tokenizer"):
        Tokenizer.from_file(path)


def test_what_is_no_text_has_no_ids() -> None:
    with pytest.raises(InputError, match=r"the text is not UTF-8 text \(character 2\)"):
        byte_level().encode("ab\udcff")


def word_pieces() -> Tokenizer:
    words = ["[UNK]", "[CLS]", "a", "##b", ".", "do", "not", "n't", "'", "m", "\ufffd"]
    tokenizer = tokenizers.Tokenizer(
        models.WordPiece({word: index for index, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(words[:2])
    return Tokenizer(tokenizer)


def metaspace(decoder: decoders.Decoder | None) -> Tokenizer:
    words = ["<unk>", "<s>", "▁", "▁a", "b", "c</w>", "▁▁", "\ufffd"]
    tokenizer = tokenizers.Tokenizer(
        models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="<unk>"))
    if decoder is not None:
        tokenizer.decoder = decoder
    tokenizer.add_special_tokens(words[:2])
    return Tokenizer(tokenizer)


EVERY = TOKENIZERS | {
    "word pieces": word_pieces(), "metaspace": metaspace(decoders.Metaspace()),
    "suffixes": metaspace(decoders.BPEDecoder()), "no decoder": metaspace(None),
}


@pytest.mark.parametrize("name", EVERY)
@given(data=st.data())
def test_a_stream_is_what_is_decoded_at_once(name: str, data: st.DataObject) -> None:
    """Of random ids, where no character need be whole; also behind any prompt."""
    tokenizer = EVERY[name]
    token = st.integers(0, tokenizer.vocabulary_size + 1)
    # Few different ones, so that runs are long; of them some that begin characters.
    few = data.draw(st.lists(token, min_size=1, max_size=6))
    ids = data.draw(st.lists(st.sampled_from(few), max_size=150))
    cut = data.draw(st.integers(0, len(ids)))
    stream = tokenizer.stream(ids[:cut])
    told = "".join(stream.push(token) for token in ids[cut:]) + stream.finish()
    prompt, whole = tokenizer.decode(ids[:cut]), tokenizer.decode(ids)
    if whole.startswith(prompt):  # else the prompt ended within a character
        assert prompt + told == whole
    else:
        assert prompt.endswith("\ufffd") and whole.startswith(prompt.removesuffix("\ufffd"))
        assert told == whole[len(prompt):]


@pytest.mark.parametrize("name", TOKENIZERS)
@given(text=st.text(st.characters(exclude_characters="▁", codec="utf-8"), min_size=1))
def test_bytes_of_tokens_are_together_the_text(name: str, text: str) -> None:
    """Whatever characters tokens cut; the space that byte fallback puts in front included."""
    tokenizer = TOKENIZERS[name]
    told = b"".join(tokenizer.token_bytes(token) for token in tokenizer.encode(text))
    assert told.decode() == " " * (name == "byte fallback") + text


@pytest.mark.parametrize(("name", "token", "told"), [
    ("byte level", 1, b"<s>"), ("byte level", 10**6, b""), ("word pieces", 3, b"b"),
    ("word pieces", 2, b" a"), ("metaspace", 3, b" a"),
    ("no decoder", 3, "▁a".encode()),
])
def test_bytes_of_a_token(name: str, token: int, told: bytes) -> None:
    assert EVERY[name].token_bytes(token) == told


def ids_of_bytes(tokenizer: Tokenizer, data: bytes) -> list[int]:
    characters = {**{byte: chr(byte) for byte in range(256)}, **_mapped()}
    names = (characters[byte] if tokenizer is TOKENIZERS["byte level"] else f"<0x{byte:02X}>"
             for byte in data)
    return [tokenizer._tokenizer.token_to_id(name) for name in names]


def _mapped() -> dict[int, str]:
    """The letters of the byte-level alphabet, by byte, where they are others."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    own = [byte for byte in range(256) if chr(byte) not in alphabet]
    return dict(zip(own, (letter for letter in alphabet if ord(letter) > 255), strict=True))


@pytest.mark.parametrize("name", TOKENIZERS)
@given(data=st.lists(st.sampled_from(
    [0x41, 0x0A, 0x80, 0x9F, 0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xED, 0xA0, 0xF0, 0x98, 0xFF]),
    max_size=60).map(bytes))
def test_bytes_are_decoded_as_python_decodes_them(name: str, data: bytes) -> None:
    """One U+FFFD for each cut character, and every whole one there, whatever is beside it."""
    tokenizer = TOKENIZERS[name]
    ids = ids_of_bytes(tokenizer, data)
    wanted = data.decode("utf-8", "replace")
    wanted = wanted.removeprefix(" ") if name == "byte fallback" else wanted
    stream = tokenizer.stream()
    pieces = [stream.push(token) for token in ids]
    assert tokenizer.decode(ids) == wanted == "".join(pieces) + stream.finish()


def test_a_broken_run_of_bytes_loses_nothing_beside_it() -> None:
    tokenizer = byte_fallback()
    space_a = tokenizer.encode("a") and [tokenizer._tokenizer.token_to_id("▁")] + \
        [tokenizer._tokenizer.token_to_id("a")]
    stream = tokenizer.stream(space_a)
    ids = [*space_a, *ids_of_bytes(tokenizer, b"\n\xff\nA")]
    assert [stream.push(token) for token in ids] == [" ", "a", "\n", "", "\ufffd\n", "A"]


def test_a_long_stream_decodes_few_tokens_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = byte_level()
    ids = tokenizer.encode("ab " * 400)
    lengths: list[int] = []
    decode = tokenizer.decode
    monkeypatch.setattr(tokenizer, "decode", lambda ids: lengths.append(len(ids)) or decode(ids))
    stream = tokenizer.stream(ids)
    told = "".join(stream.push(token) for token in ids)
    assert told == "ab " * 400 and max(lengths[1:]) <= 32
