"""Machine files: each that is none is told by its name."""

from __future__ import annotations

import pytest
from sterna.machine.presets import PRESETS, STEP_MACHINE

TOKEN_JSON, STEP_JSON = PRESETS["tiny"].to_json(), STEP_MACHINE.to_json()


@pytest.mark.parametrize(("model", "foreign", "whose"), [
    ("demo-tiny", STEP_JSON, "a spiking network's"), ("l2mu", TOKEN_JSON, "a language model's")])
@pytest.mark.parametrize("text", [
    None, b"\xff", b"", b'{"rows": 8}', b'{"machine": "sterna-machine", "version": 7}', "foreign"])
def test_every_wrong_file_is_one_line_with_its_name(sterna, tmp_path, model, foreign, whose, text):
    path = tmp_path / "machine.json"
    if text is not None:
        path.write_bytes(foreign.encode() if text == "foreign" else text)
    found = sterna("verify", model, "--config", path)
    assert found.code == 2 and found.errors.count("\n") == 1
    assert found.errors.startswith(f"sterna: config '{path}': ")
    if text == "foreign":
        assert f"is that of {whose} accelerator" in found.errors
