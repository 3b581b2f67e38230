"""Workers of a Ray cluster: the same ends as those of processes, files that travel, deaths."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sterna.errors import CheckError, InputError
from sterna.work import cluster
from sterna.work.alike import Wanted
from sterna.work.choice import workers
from sterna.work.task import Task
from sterna_boards.catalogue import find_board
from sterna_boards.flows.open.build import build
from sterna_boards.flows.open.designs import loopback

from tests.boards.fake_tools import FakeTools
from tests.sw.work.ray_cluster import Machines, machines
from tests.sw.work.test_workers import ASKED, check_ends, task

ray = pytest.importorskip("ray", reason="the extra `ray` is not installed")
STERNA = ("import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
          "from sterna.cli import main; sys.argv[0] = 'sterna'; main()")


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeTools]:
    with pytest.MonkeyPatch.context() as patch:
        yield FakeTools(tmp_path_factory.mktemp("tools"), patch)


@pytest.fixture(scope="module")
def two(tools: FakeTools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    with machines(tmp_path_factory.mktemp("machines")) as there:
        yield there


@pytest.fixture
def connected(two: Machines) -> None:
    """Tests that share a connection find workers that have begun already."""
    if not ray.is_initialized():
        ray.init(log_to_driver=False, logging_level=logging.CRITICAL)


@pytest.fixture
def unconnected(two: Machines) -> None:
    ray.shutdown()


@pytest.fixture(autouse=True)
def cache(two: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_ends_are_those_of_processes(connected: None, cache: Path) -> None:
    with workers(None, "ray") as there:
        found = list(there.results(ASKED, lambda: True))
        assert list(there.results(ASKED, lambda: False)) == []
    check_ends({done.task.what: done for done in found})
    failed, = (done for done in found if done.task.what == "fail")
    assert str(failed.task.log) in str(failed.error) and len(found) == 3
    assert "before it failed" in failed.task.log.read_text()


def test_files_travel_once_and_what_is_made_comes_back(
        two: Machines, connected: None, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_text("1 2 3")
    asked = [Task(what=f"sum {number}", call="tests.sw.work.calls:summed", arguments={
        "model": str(tmp_path / "model"), "number": number}, files=("model",), memory=1,
        makes=(f"sums/{number}",)) for number in range(6)]
    with workers(None, "ray") as there:
        found = {done.task.what: done.result() for done in there.results(asked, lambda: True)}
    assert found == {f"sum {number}": [str(tmp_path / "model"), 6 + number] for number in range(6)}
    for number in range(6):
        assert (cache / "sums" / str(number) / "sum").read_text() == str(6 + number)
    assert {len(list((two.folder / name / "sent").glob("*/"))) for name in ("one", "two")} == {1}


def test_what_workers_must_have(connected: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one line that names the machine; also of a worker that comes later."""
    other = Wanted("tests.sw.work.calls:told", {"variable": "STERNA_CACHE"})
    with pytest.raises(InputError, match=r"--on ray: .* has STERNA_CACHE .*/(one|two), here it"):
        with workers(None, "ray", other):
            pass
    missing = Wanted("tests.sw.work.calls:told", {"variable": "STERNA_TEST_ONLY_HERE"})
    monkeypatch.setenv("STERNA_TEST_ONLY_HERE", "yes")
    with pytest.raises(InputError, match="STERNA_TEST_ONLY_HERE is not set; install the same"):
        with workers(None, "ray", missing):
            pass
    with workers(None, "ray") as there:
        monkeypatch.setattr(cluster, "order", lambda *given: {
            **order(*given), "version": "0.0 (aa)"})
        done, = there.results([task("double", number=1)], lambda: True)
    assert isinstance(done.error, InputError) and "here it is 0.0 (aa)" in str(done.error)


order = cluster.order


def test_a_task_whose_workers_die_is_lost(connected: None, tmp_path: Path) -> None:
    """One that dies once is begun again."""
    asked = [task("die"), task("die", marker=str(tmp_path / "marker")), task("double", number=3)]
    with workers(None, "ray") as there:
        found = list(there.results(asked, lambda: True))
    lost, = (done for done in found if done.error is not None)
    assert lost.lost and "its worker died 2 times" in str(lost.error)
    assert sorted(str(done.value) for done in found if done is not lost) == ["6", "lives"]


def test_seeds_give_what_they_give_here(connected: None, tools: FakeTools, tmp_path: Path,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is placed once, by whomever; the netlist travels, and placements come back."""
    board = find_board("ulx3s-85f")
    design = replace(loopback(board), clock_hz=100_000_000)
    tools.calls()
    found = build(board, design, seeds=range(6), workers=None, on="ray")
    assert sorted(tools.calls()) == ["ECPPACK"] * 6 + ["NEXTPNR_ECP5"] * 6 + ["YOSYS"]
    assert build(board, design, seeds=range(6), workers=None, on="ray") == found
    assert tools.calls() == []
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path / "alone"))
    alone = build(board, design, seeds=range(6))
    assert alone.bitstream.read_bytes() == found.bitstream.read_bytes()
    assert alone.seeds == found.seeds
    tools.calls()
    tools.write("NEXTPNR_ECP5", "echo 'ERROR: no room'; exit 1")
    with pytest.raises(CheckError, match="no room") as caught:
        build(board, design, seeds=(7, 8), on="ray")
    log = str(caught.value).partition("(log: ")[2].rstrip(")")
    assert log.startswith(str(tmp_path / "alone")) and "no room" in Path(log).read_text()


def test_ctrl_c_stops_what_runs(connected: None, tmp_path: Path) -> None:
    """And keeps what is done; the worker is gone."""
    study, marker = tmp_path / "study.jsonl", tmp_path / "pid"
    process = subprocess.Popen(
        [sys.executable, "-c", STERNA, "sweep", "demo-tiny", "--board", "ulx3s-12f", "--trials",
         "100000", "--on", "ray", "--study", str(study)],
        stderr=subprocess.PIPE, text=True, env={
            **os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    while not study.exists() or study.read_text().count("\n") < 3:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(2)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and errors.splitlines()[-1] == "sterna: interrupted"
    assert all(json.loads(line) for line in study.read_text().splitlines())
    with pytest.raises(KeyboardInterrupt), workers(None, "ray") as there:
        for done in there.results([task("lasting", marker=str(marker)), task("double", number=1)],
                                  lambda: True):
            assert done.value == 2
            while not marker.exists() or not marker.read_text():
                time.sleep(0.01)
            raise KeyboardInterrupt
    for _ in range(100):
        if not Path(f"/proc/{marker.read_text()}").exists():
            return
        time.sleep(0.1)
    pytest.fail("the worker goes on")


def test_no_such_cluster(sterna, unconnected: None) -> None:
    outcome = sterna("sweep", "demo-tiny", "--board", "ulx3s-12f", "--on", "ray://127.0.0.1:9")
    assert outcome.code == 2 and outcome.errors.count("\n") == 1
    assert outcome.errors.startswith("sterna: --on ray://127.0.0.1:9: ")


def test_a_sweep_gives_the_same_table_while_a_worker_dies(
        sterna, two: Machines, unconnected: None, tmp_path: Path) -> None:
    """Its machine is killed in the middle: every result is there, and once."""
    asked = ["sweep", "demo-tiny", "--board", "ulx3s-12f", "--vary", "rows=1,2,3,4,6,8",
             "--vary", "columns=4,8,12,16", "--json", "--study"]
    two.add("three")
    here = sterna(*asked, tmp_path / "here", "--workers", 1)
    study = tmp_path / "there"

    def kill() -> None:
        while not study.exists() or study.read_text().count("\n") < 4:
            time.sleep(0.02)
        two.remove()

    killer = threading.Thread(target=kill)
    killer.start()
    there = sterna(*asked, study, "--on", "ray")
    killer.join()
    assert there.code == 0, there.errors
    found, wanted = there.json, here.json
    assert found | {"study": 0} == wanted | {"study": 0} and len(found["trials"]) == 25
    lines = [json.loads(line) for line in study.read_text().splitlines()]
    assert sorted(line["number"] for line in lines[1:]) == [*range(25)]


def test_a_client_compares_models(sterna, two: Machines, unconnected: None, tmp_path: Path
                                  ) -> None:
    """Over ``ray://``; one of them is a file that the workers do not have."""
    folder = tmp_path / "copy"
    shutil.copytree(Path(cluster.__file__).parents[1] / "families/rwkv4/shipped/rwkv4-tiny", folder)
    outcome = sterna("verify", "demo-tiny", folder, "random:hidden=32,layers=1", "--tokens", 2,
                     "--device", "emulator", "--on", two.client_address, "--json")
    assert outcome.code == 0, outcome.errors
    assert [one["model"] for one in outcome.json["models"]] == [
        "demo-tiny", str(folder), "random:hidden=32,layers=1"]
    assert all(one["vectors_compared"] > 100 and not one["differences"]
               for one in outcome.json["models"])
