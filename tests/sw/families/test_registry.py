"""A family of another package works with every command; a broken one is a clear line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sterna.errors import InputError
from sterna.families import registry
from sterna.families.registry import check_family, families, family_of, with_family
from sterna.families.requests import RunRequest
from sterna.options import Options
from sterna.tasks.run import run

TOY = Path(__file__).parent / "toy"
VALUES = {"decays": [0.9, 0.5, -0.25], "weights": [[1, 0.5], [-0.75, 0.25], [2, -1]]}
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package with one entry point on the path, as pip does."""
    def installed(value: str, text: str | None = None) -> None:
        place = tmp_path / "site"
        facts = place / "toys-1.0.dist-info"
        facts.mkdir(parents=True)
        (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
        (facts / "entry_points.txt").write_text(f"[sterna.families]\ntoy = {value}\n")
        if text is not None:
            (place / "toy.py").write_text(text)
            monkeypatch.delitem(sys.modules, "toy", raising=False)
        monkeypatch.syspath_prepend(place)
        monkeypatch.syspath_prepend(TOY)
        registry._installed.cache_clear()

    yield installed
    registry._installed.cache_clear()


@pytest.fixture
def toy(install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The family of `TOY`, and a source for it."""
    install("linear_recurrence.family:LinearRecurrence")
    (tmp_path / "net.recurrence.json").write_text(json.dumps(VALUES))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_family_in_one_folder(sterna, toy: Path) -> None:
    """From its file to a board, without a change elsewhere."""
    imported = sterna("import", "net.recurrence.json", "-o", "net")
    assert imported.code == 0 and imported.output == "net: imported; try: sterna run net\n"
    ran = sterna("run", "net", "--steps", 12)
    assert ran.code == 0 and ran.output.splitlines()[0] == "steps  12 x 1"
    assert sterna("run", "net", "--steps", 12, "--device", "emulator").output == ran.output
    verified = sterna("verify", "net", "--steps", 12, "--device", "emulator", "--json")
    # Sum, output and membrane of three states, and the three outputs that come back.
    assert verified.json["differences"] == 0
    assert verified.json["values_compared"] == 12 * (3 * 3 + 3)
    assert sterna("eval", "net", "--horizon", 40, "--json").json["error"] < 1e-3
    assert sterna("estimate", "net", "--board", "icebreaker", "--json").json["fits"]


@pytest.mark.verilator
@pytest.mark.slow
def test_its_accelerator_computes_the_same(sterna, toy: Path) -> None:
    assert sterna("import", "net.recurrence.json", "-o", "net").code == 0
    verified = sterna("verify", "net", "--steps", 20, "--lanes", 4, "--neuron-lanes", 1)
    assert verified.code == 0 and "no difference" in verified.output


def test_its_models_and_options_are_its_own(sterna, toy: Path) -> None:
    assert sterna("import", "net.recurrence.json", "-o", "net").code == 0
    refused = sterna("run", "net", "--prompt", "hello")
    assert refused.code == 2
    assert refused.errors == "sterna: --prompt: is for language models, not for net\n"
    refused = sterna("eval", "l2mu", "--horizon", 3)
    assert refused.errors == "sterna: --horizon: is for linear recurrences, not for l2mu\n"
    refused = sterna("bench", "net")
    assert refused.code == 2 and "net: is a linear recurrence; this command" in refused.errors
    listed = sterna("models", "--json").json["families"]
    assert [item["name"] for item in listed][-1] == "linear-recurrence"
    assert "a file (.recurrence.json)" in sterna("models").output
    assert "--horizon" in sterna("eval", "--help").output
    (toy / "net" / "config.json").write_text("{}")
    assert "net/config.json: is damaged" in sterna("run", "net").errors


def test_a_family_by_argument(toy: Path) -> None:
    from linear_recurrence.family import LinearRecurrence

    known = len(families())
    other = LinearRecurrence()
    other.name = "other"
    with with_family(other):
        assert len(families()) == known + 1
    assert len(families()) == known


@pytest.mark.parametrize(("value", "text", "message"), [
    ("nowhere:Family", None, "family toy (nowhere:Family): cannot be used, ModuleNotFoundError"),
    ("toy:Family", "raise SystemExit(3)", "cannot be used, SystemExit: 3"),
    ("toy:Missing", "", "cannot be used, AttributeError"),
    ("toy:Family", "1 / 0", "cannot be used, ZeroDivisionError: division by zero"),
    ("toy:Family", "class Family: name = 'toy'", "family 'toy': has no kind"),
    ("toy:Family", "def Family(): raise SystemError('two\\nlines')", "SystemError: two lines"),
])
def test_a_broken_family_is_one_line_and_the_others_work(
    sterna, install: Install, value: str, text: str | None, message: str
) -> None:
    install(value, text)
    assert [family.name for family in families()] == [
        "matmul-free", "rwkv4", "rwkv5", "rwkv6", "rwkv7", "spikegpt", "gla", "hgrn2",
        "deltanet", "deltaproduct", "lightnet", "bdh", "mamba", "sdt-v2", "spikformer-v2", "qsd",
        "spiking"]
    listed = sterna("models")
    assert listed.code == 0 and listed.errors.count("\n") == 1 and message in listed.errors
    assert message in sterna("run", "nowhere").errors


def test_families_that_cannot_stand_beside_each_other(toy: Path) -> None:
    from linear_recurrence.family import Horizon, LinearRecurrence

    with pytest.raises(InputError, match="'linear-recurrence': there is one of that name already"):
        check_family(LinearRecurrence(), families())
    other = LinearRecurrence()
    other.name = "other"
    other.options = {"eval": (type("Words", (), {
        **vars(Horizon), "__annotations__": {"horizon": str}}),)}
    with pytest.raises(InputError, match="--horizon of eval is of another type than that of line"):
        check_family(other, families())


def test_a_task_without_the_command_line(toy: Path) -> None:
    """A request in, a result out."""
    result = run(RunRequest(model="l2mu", options=Options(steps=7)))
    assert result.to_dict()["steps"] == 7 and result.failure is None
    with pytest.raises(InputError, match="rows: is for language models, not for l2mu"):
        run(RunRequest(model="l2mu", options=Options(rows=4)))
    with pytest.raises(InputError, match="nonsense: no such option"):
        run(RunRequest(model="l2mu", options=Options(nonsense=4)))


def test_a_folder_of_no_family(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder of a model .*, sterna import"):
        family_of(str(tmp_path))
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file, not a model folder; shipped models: demo, "):
        family_of(str(tmp_path / "file"))
