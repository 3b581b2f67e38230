"""Workers: values, failures with logs, deaths, memory, and an end in the middle."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from sterna.errors import CheckError, InputError
from sterna.work import choice
from sterna.work.here import Here
from sterna.work.local import Local, available_memory
from sterna.work.task import Done, Task


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path / "cache"))


def task(call: str, memory: int = 1, **arguments: Any) -> Task:
    return Task(what=call, call=f"tests.sw.work.calls:{call}", arguments=arguments, memory=memory)


def check_ends(ends: dict[str, Done]) -> None:
    """Of what both kinds of workers are asked for."""
    assert ends["double"].result() == 0.1 + 0.1
    assert str(ends["refuse"].error) == "no" and isinstance(ends["refuse"].error, InputError)
    assert isinstance(ends["fail"].error, CheckError)
    assert str(ends["fail"].error).startswith("ValueError: that; see ")
    assert not any(done.lost for name, done in ends.items() if name != "die")
    with pytest.raises(CheckError, match="that"):
        ends["fail"].result()


ASKED = [task("double", number=0.1), task("refuse", why="no"), task("fail", why="that"),
         task("double", number=0.1)]


def test_processes(tmp_path: Path) -> None:
    """One that dies costs its own task, which is begun again elsewhere."""
    asked = [*ASKED, task("die"), task("die", marker=str(tmp_path / "marker"))]
    with Local(2, memory=1 << 30) as workers:
        found = list(workers.results(asked))
        assert workers.results([task("double", number=4)]).__next__().value == 8
    assert len(found) == 5  # equal ones are one
    ends = {done.task.what: done for done in found if not done.task.arguments.get("marker")}
    check_ends(ends)
    assert ends["die"].lost and "died 2 times (exit code 9)" in str(ends["die"].error)
    again, = (done for done in found if done.task.arguments.get("marker"))
    assert again.value == "lives"
    logs = {ends["fail"].task.log, ends["die"].task.log}
    assert set((tmp_path / "cache" / "log").iterdir()) == logs
    text = ends["fail"].task.log.read_text()
    assert "before it failed" in text and "ValueError: that" in text


def test_this_process(capsys: pytest.CaptureFixture[str]) -> None:
    with Here() as workers:
        found = list(workers.results(ASKED))
    check_ends({done.task.what: done for done in found})
    assert len(found) == 3 and "ValueError: that" in capsys.readouterr().err
    assert list(workers.results(ASKED, lambda: False)) == []


def test_memory_is_counted() -> None:
    """Two of 40 go together, a third does not; one of more than there is goes alone."""
    sizes = (40, 40, 40, 500)
    with Local(4, memory=100) as workers:
        list(workers.results([task("double", number=number, memory=25) for number in range(4)]))
        spans = [done.value for done in workers.results(
            [task("span", memory, number=number, seconds=0.2)
             for number, memory in enumerate(sizes)])]
    assert len(spans) == 4
    for moment in [begin for begin, _ in spans]:
        assert sum(begin <= moment < end for begin, end in spans) <= 2
    *_, (last, _) = sorted(spans)
    assert sum(begin <= last < end for begin, end in spans) == 1


def test_what_ends_it_stops_the_work(tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    with pytest.raises(KeyboardInterrupt), Local(2) as workers:
        for done in workers.results([task("lasting", marker=str(marker)),
                                     task("double", number=1)]):
            assert done.value == 2
            while not marker.exists() or not marker.read_text():
                time.sleep(0.01)
            raise KeyboardInterrupt
    with pytest.raises(ProcessLookupError):
        os.kill(int(marker.read_text()), 0)


def test_what_is_taken_when_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 << 28 < available_memory() < 1 << 44
    monkeypatch.setattr(choice, "available_cores", lambda: 1)
    assert isinstance(choice.workers(None), Here) and isinstance(choice.workers(2), Local)
