"""What a Ray cluster costs beside processes, and what a second machine brings."""

from __future__ import annotations

import shutil
import time
from itertools import islice, product
from pathlib import Path

import pytest
from sterna.work.choice import workers
from sterna.work.task import Task

from tests.sw.work.ray_cluster import machines

pytestmark = [pytest.mark.slow, pytest.mark.long]
ESTIMATES, MOST_TIMES = 200, 1.5
MOST_SHARE = 0.6
SEEDS = 7
"""The first of which is placed before."""


def test_estimates_take_little_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first connection to the last result, workers that begin included."""
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path / "cache"))
    shapes = product((1, 2, 4, 8, 16), (4, 8, 16, 32), (1, 2, 4, 8), ("adders", "tables"),
                     ("auto", "chip"))
    asked = [Task(what="estimate", call="sterna.sweep.point:estimated", arguments={
        "model": "demo-tiny", "board": "ulx3s-85f", "options": dict(zip(
            ("rows", "columns", "vector_lanes", "lane", "embedding"), shape, strict=True))})
        for shape in islice(shapes, ESTIMATES)]
    seconds, found = {}, {}
    with machines(tmp_path / "machines"):
        for on in (None, "ray", None, "ray"):
            begin = time.monotonic()
            with workers(2, on) as there:
                found[on] = {done.task.key: done.result()
                             for done in there.results(asked, lambda: True)}
            seconds[on] = min(time.monotonic() - begin, seconds.get(on, 1e9))
    assert found["ray"] == found[None] and len(found[None]) == ESTIMATES
    print(f"{ESTIMATES} estimates: {seconds[None]:.1f} s here, {seconds['ray']:.1f} s on a cluster")
    assert seconds["ray"] <= MOST_TIMES * seconds[None]


@pytest.mark.pnr
def test_two_workers_place_in_little_more_than_half_the_time(
        sterna, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And give the bitstream that one machine gives."""
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path / "first"))
    asked = ["build", "demo-tiny", "--board", "icebreaker", "-o"]
    assert sterna(*asked, tmp_path / "none", "--seeds", 1).code == 0
    seconds, bitstreams = [], []
    for count in (1, 2):
        cache = tmp_path / f"cache{count}"
        shutil.copytree(tmp_path / "first", cache)
        monkeypatch.setenv("STERNA_CACHE", str(cache))
        output = tmp_path / f"build{count}"
        with machines(tmp_path / f"machines{count}"):
            begin = time.monotonic()
            outcome = sterna(*asked, output, "--seeds", SEEDS, "--workers", count, "--on", "ray")
            seconds.append(time.monotonic() - begin)
        assert outcome.code == 0, outcome.errors
        bitstreams.append((output / "sterna.bin").read_bytes())
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path / "first"))
    assert sterna(*asked, tmp_path / "here", "--seeds", SEEDS, "--workers", 1).code == 0
    assert bitstreams == 2 * [(tmp_path / "here" / "sterna.bin").read_bytes()]
    print(f"{SEEDS - 1} placements: {seconds[0]:.0f} s by one worker, {seconds[1]:.0f} s by two")
    assert seconds[1] <= MOST_SHARE * seconds[0]
