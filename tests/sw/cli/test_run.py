"""`sterna run` with several prompts and token streams."""

from __future__ import annotations

import io
import sys
from itertools import combinations

import pytest
from sterna.families.tokens.texts import TextsInOrder
from sterna.host.generate import Piece

PROMPTS = ["Once", "The king went to the wood", "A", "In the evening"]
ASK = ["run", "demo-tiny", "--max-tokens", 12, "--temperature", 0.7, "--seed", 5]


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    path = tmp_path_factory.mktemp("prompts") / "prompts.txt"
    path.write_text("\n".join([*PROMPTS, "", "  ", ""]))
    return path


def test_streams_print_the_same_texts_in_order(sterna, lines):
    each = [argument for prompt in PROMPTS for argument in ("--prompt", prompt)]
    alone = sterna(*ASK, *each)
    assert alone.code == 0 and all(f"{prompt}" in alone.output for prompt in PROMPTS)
    together = sterna(*ASK, "--prompts", lines, "--streams", 3, "--stats")
    assert together.output == alone.output
    assert together.errors.count("\n") == 1 and "+ 48 tokens in" in together.errors


def test_streams_of_a_board(sterna, lines):
    """Prompts are read in chunks there, and texts join while others are in the middle."""
    few = [*ASK[:3], 5, *ASK[4:], "--prompts", lines, "--config", "tiny"]
    golden = sterna(*few)
    found = sterna(*few, "--streams", 2, "--device", "emulator", "--stats")
    assert found.output == golden.output and golden.output.startswith(PROMPTS[0])
    assert "emulator: " in found.errors and "cycles" not in found.errors


def test_one_prompt_of_several_lines(sterna, tmp_path, monkeypatch):
    text = "Once upon\n\n a time\u2028 there\fwas"
    few = [*ASK[:3], 3, *ASK[4:]]
    wanted = sterna(*few, "--prompt", text)
    assert wanted.code == 0 and wanted.output.startswith(text)
    marked = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode() + b"\r\n"
    (tmp_path / "prompt").write_bytes(marked)
    assert sterna(*few, "--prompt-file", tmp_path / "prompt") == wanted
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(marked)))
    assert sterna(*few, "--prompt-file", "-") == wanted
    lines = sterna(*few, "--prompts", tmp_path / "prompt")
    assert lines == sterna(*few, "--prompt", "Once upon", "--prompt", text.split("\n")[-1])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(marked)))
    assert sterna(*few, "--prompts", "-") == lines


def test_prompts_that_are_no_text_are_told_before_any(sterna, tmp_path):
    outcome = sterna("run", "demo-tiny", "--prompt", "good", "--prompt", "caf\udce9")
    assert (outcome.code, outcome.output) == (2, "")
    assert outcome.errors == "sterna: prompt is not UTF-8 text (character 3)\n"
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    for option in ("--prompts", "--prompt-file"):
        outcome = sterna("run", "demo-tiny", option, tmp_path / "latin")
        assert (outcome.code, outcome.output) == (2, "")
        assert outcome.errors.endswith("latin: is not UTF-8 text (byte 3)\n")
    (tmp_path / "empty").write_bytes(b"\xef\xbb\xbf\r\n")
    outcome = sterna("run", "demo-tiny", "--prompt-file", tmp_path / "empty")
    assert outcome.code == 2 and "empty: has no prompt; it is empty" in outcome.errors


def test_of_several_ways_to_give_prompts_one_is_read(sterna, lines, tmp_path):
    shape = ["--config", "tiny", "--embedding", "host"]
    assert sterna("rtl", "demo-tiny", *shape, "-o", tmp_path / "rtl").code == 0
    ways = {"--prompt": "A", "--prompt-file": lines, "--prompts": lines}
    image = ["--image", tmp_path / "rtl" / "image.sterna"]
    for model in (["demo-tiny"], ["demo-tiny", *image], image):
        for one, other in combinations(ways, 2):
            outcome = sterna("run", *model, "--device", "emulator", one, ways[one], other,
                             ways[other])
            assert (outcome.code, outcome.output) == (2, "")
            assert outcome.errors == (
                f"sterna: {one}: gives prompts, and so does {other}; give one of them\n")


def test_a_file_without_prompts(sterna, tmp_path):
    (tmp_path / "empty").write_text("\n \n")
    outcome = sterna("run", "demo-tiny", "--prompts", tmp_path / "empty")
    assert outcome.code == 2 and "empty: has no prompt; give one in each line" in outcome.errors
    outcome = sterna("run", "demo-tiny", "--prompts", tmp_path / "none")
    assert outcome.code == 2 and "none: file not found" in outcome.errors


def test_a_text_waits_for_those_before_it():
    written: list[str] = []
    printed = TextsInOrder(["a", "b", "c"], written.append)
    expected = "a"
    for piece, more in (
        (Piece(1, "2"), ""), (Piece(0, "1"), "1"), (Piece(2, "3"), ""),
        (Piece(1, "2", ended=True), ""), (Piece(0, "", ended=True), "\nb22\nc3"),
        (Piece(2, "3"), "3"), (Piece(2, "", ended=True), "\n"),
    ):
        printed.add(piece)
        expected += more
    assert printed.texts() == ("a1", "b22", "c33")
    assert "".join(written) == expected == "a1\nb22\nc33\n"


def test_what_was_made_stays_when_the_board_goes_away():
    written: list[str] = []
    printed = TextsInOrder(["a", "b", "c", "d"], written.append)
    printed.add(Piece(0, "1"))
    printed.add(Piece(2, "3"))
    printed.cut()
    assert "".join(written) == "a1\nc3\n"


def test_an_image_is_loaded_as_it_was_written(sterna, tmp_path):
    shape = ["--config", "tiny", "--embedding", "host"]
    assert sterna("rtl", "demo-tiny", *shape, "-o", tmp_path / "rtl").code == 0
    image = tmp_path / "rtl" / "image.sterna"
    few = [*ASK[:3], 4, "--prompt", "The"]
    found = sterna(*few, "--device", "emulator", "--image", image)
    assert found.output == sterna(*few).output
    outcome = sterna("run", "demo", "--device", "emulator", "--image", image)
    assert outcome.code == 2 and "is the image of demo-tiny, not of demo" in outcome.errors
    image.write_bytes(image.read_bytes()[:-20])
    outcome = sterna(*few, "--device", "emulator", "--image", image)
    assert outcome.code == 2 and "image.sterna: truncated or damaged" in outcome.errors


@pytest.mark.parametrize(("arguments", "message"), [
    (["--device", "sim", "--rows", 4], "has its own shape"),
    (["--device", "golden"], "--image: the golden takes no image"),
    (["--device", "sim"], "nowhere: file not found"),
])
def test_an_image_that_cannot_be_used(sterna, arguments, message):
    outcome = sterna("run", "demo-tiny", *arguments, "--image", "nowhere")
    assert outcome.code == 2 and message in outcome.errors and outcome.output == ""


def test_the_golden_runs_what_no_accelerator_computes(sterna):
    outcome = sterna("run", "demo-spiking", "--max-tokens", 6, "--prompt", "The king")
    assert outcome.code == 0 and outcome.output.startswith("The king") and outcome.errors == ""
