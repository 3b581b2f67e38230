#!/usr/bin/env bash
# tokenizers 0.23.3: one bad byte in a run of byte tokens takes the good ones with it, and a stream raises.
#
# Behaviour: with byte fallback (Llama-like vocabularies) a run of tokens such as <0x0A> <0xFF> <0x0A>
#   <0x41> is decoded as a whole: as 0xFF is no UTF-8, every byte of the run becomes U+FFFD, the line
#   feeds and the letter A too. `DecodeStream` has handed out the first line feed by then and raises
#   "Invalid prefix" at the next ordinary token: text that was printed is taken back.
# Usual guess: bytes are decoded like `bytes.decode(errors="replace")`, which keeps what is valid, and a
#   stream gives the pieces of the whole text.
# What to do: collect runs of byte tokens yourself and decode them with errors="replace".
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check tokenizers==0.23.3
"$work/venv/bin/python" - <<'PYTHON'
import sys

import tokenizers
from tokenizers import Tokenizer, decoders, models
from tokenizers.decoders import DecodeStream

vocabulary = {"<unk>": 0, "\u2581a": 1} | {f"<0x{byte:02X}>": 2 + byte for byte in range(256)}
tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>", byte_fallback=True))
tokenizer.decoder = decoders.Sequence(
    [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])
run = b"\n\xff\nA"
whole = tokenizer.decode([1, *(2 + byte for byte in run)])
print(f"tokenizers {tokenizers.__version__}: {run!r} behind ' a' is {whole!r}, "
      f"Python decodes {' a' + run.decode(errors='replace')!r}")
stream, pieces, raised = DecodeStream(), [], ""
for token in (1, 2 + 0x0A, 2 + 0xFF, 1):
    try:
        pieces.append(stream.step(tokenizer, token))
    except Exception as error:
        raised = str(error)
print(f"a stream of ' a', <0x0A>, <0xFF>, ' a' gives {pieces}, then: {raised!r}")
if whole != " a" + 4 * "\ufffd" or "Invalid prefix" not in raised:
    sys.exit("changed: good bytes are kept, or the stream goes on")
print("as found: the line feeds and the letter are lost, and the stream raises")
PYTHON
