"""Conversations: lines of any bytes, commands with any words, files of any contents, templates."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.campaign.trial import OUTPUT, Trial, Wanted

IMPORTS = ("sterna.families.matmul_free.model", "sterna.families.tokens.talk",
           "sterna.families.tokens.run", "sterna.cli.chat", "tests.sw.chat.templates")
_LINES = (b"The king", b"", b" ", b"\xff\xfe", b"caf\xe9", "熊 🐻".encode(), b"<s></s>", b"/",
          b"/nope", b"\0", b"\f\v", "\u2028".encode(), b"\xef\xbb\xbf", b"\r", b"/reset", b"/stats",
          b"/reset now", b"/stats now", b"a" * 300)
_NAMES = (b"", b"file.json", b"talk.json", b".", b"..", b"/", b"/dev/null",
          b"/dev/full", b"/dev/zero", b"fifo", b"a" * 300, b"~nobody-there/x",
          b"\0", b"\xff/x", b"nowhere/x/y", OUTPUT.encode(), OUTPUT.encode())
_VALUES: tuple[Any, ...] = (None, True, 0, 1, 1.0, -1, 10**30, "", "user", "\ud800", [], {}, [[]],
                            [{}], ["x"], {"role": "user", "content": "x"})
_TEMPLATES = (
    "", "x", "{{", "{% endfor %}", "{{ nothing.there }}", "{{ messages[9].content }}", "{{ 1/0 }}",
    "{% for i in range(10**9) %}x{% endfor %}", "{{ 'x' * 10**9 }}", "{{ raise_exception('no') }}",
    "{{ raise_exception(messages) }}", "{% include 'x' %}", "{{ ''.__class__.__mro__ }}",
    "{{ messages.append(1) }}", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{{ [1,2] | x }}",     "{{ messages | tojson }}", "{{ bos_token }}{{ messages[-1].content }}",
    "\0\ud7ff\ue000", "{{ '%s' % messages }}", "{{ strftime_now('%' * 999) }}",
    "{{ strftime_now(1) }}", "{% generation %}{{ messages[0].content }}{% endgeneration %}",
    "{% set x = namespace() %}{{ x.y }}")


def trials(draw: random.Random) -> Iterator[Trial]:
    """Without end."""
    while True:
        yield draw.choice((_talk, _talk, _file, _template))(draw)


def _said(draw: random.Random) -> bytes:
    lines = []
    for _ in range(draw.randrange(1, 6)):
        lines.append(draw.choice(_LINES) if draw.random() < 0.5 else
                     draw.choice((b"/save ", b"/load ", b"/save", b"/load")) + draw.choice(_NAMES))
    return b"\n".join(lines) + b"\n" * draw.randrange(2)


def _trial(name: str, model: str, said: bytes, files: dict[str, str],
           wanted: Wanted = Wanted.TAKEN) -> Trial:
    def prepare(folder: Path) -> list[str]:
        import os

        os.mkfifo(folder / "fifo")
        for file, text in ({"file.json": "{}", "talk.json": ""} | files).items():  # may be saved in
            (folder / file).write_text(text)
        if model == "folder":
            from tests.sw.chat.templates import save_chat_model

            save_chat_model(folder / "folder", files["template"])
        return ["chat", model, "--max-tokens", "2"]

    return Trial(f"{name}: {said!r}", prepare, wanted, stdin=said, binary=True, memory=1 << 31)


def _talk(draw: random.Random) -> Trial:
    return _trial("chat", "demo-tiny", _said(draw), {})


def _file(draw: random.Random) -> Trial:
    """A conversation with a field changed."""
    item: dict[str, Any] = {"role": "user", "content": "x"}
    whole: dict[str, Any] = {"format": "sterna conversation", "version": 1, "model": "demo-tiny",
                             "messages": [item, {"role": "assistant", "content": "y"}]}
    place, value = draw.choice(("format", "version", "model", "messages", "role", "content", "item")
                               ), draw.choice(_VALUES)
    if place == "item":
        whole["messages"].append(value)
    else:
        (item if place in item else whole)[place] = value
    text = json.dumps(whole)
    if draw.random() < 0.2:
        text = text[:draw.randrange(len(text))]
    said = b"/load talk.json\nThe king\n/save " + OUTPUT.encode() + b"\n"
    return _trial(f"{place} = {value!r}", "demo-tiny", said, {"talk.json": text})


def _template(draw: random.Random) -> Trial:
    return _trial("template", "folder", _said(draw), {"template": draw.choice(_TEMPLATES)},
                  Wanted.EITHER)
