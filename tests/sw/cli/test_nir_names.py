"""Names of nodes are text of somebody else's file."""

from __future__ import annotations

import h5py
import nir
import pytest
from sterna.cli.terminal import shown

from tests.campaign.nir_files import graphs
from tests.campaign.nir_structure import renamed


@pytest.mark.parametrize(("name", "told"), [
    ("a\x1b[31mb", "a\\x1b[31mb"), ("ñ神経", "ñ神経"), ("a\x07b", "a\\x07b"), ("é b", "é b")])
def test_a_terminal_gets_no_escapes_of_a_file(sterna, tmp_path, name, told):
    path = tmp_path / "net.nir"
    nir.write(path, graphs()["LIF"])
    with h5py.File(path, "a") as file:
        renamed("x", name)(file)
    outcome = sterna("run", path, "--steps", 5)
    assert outcome.code == 0 and told in outcome.output
    with h5py.File(path, "a") as file:
        del file[f"node/nodes/{name}/tau"]
    outcome = sterna("run", path)
    assert outcome.code == 2 and outcome.errors.startswith(f"sterna: {path}: node {told}: tau is")
    for text in (outcome.errors, outcome.output):
        assert shown(text) == text


def test_what_is_no_text_is_written_as_python_does():
    assert shown("a\udcffb\x9b\u2028") == "a\\udcffb\\x9b\\u2028"
    assert shown("two\n\tlines") == "two\n\tlines"
