"""`sterna bench MODEL --board NAME`: what a user of a board gets, link and all."""

from __future__ import annotations

import pytest
from sterna.errors import InputError
from sterna.families import at_user
from sterna.families.at_user import AtUser
from sterna.families.matmul_free.model import open_model
from sterna.families.registry import families
from sterna.families.requests import BenchRequest
from sterna.host.counted import Traffic
from sterna.machine.units.head import Head
from sterna.options import Options
from sterna.tasks.bench import bench
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.work import work_on
from sterna_boards.measured.baseline import read_baseline

SHAPE = {"rows": 4, "columns": 8, "vector_lanes": 4, "lane": "adders"}
LINK = {**SHAPE, "generate": False}
"""Where the board does not make texts by itself."""
BOARD = find_board("ulx3s-12f")


@pytest.mark.verilator
@pytest.mark.parametrize("streams", [
    1, pytest.param(2, marks=pytest.mark.long)])
def test_the_link_is_counted_and_told(streams: int) -> None:
    options = Options(tokens=2, streams=streams, **LINK, **({"prompt": 2} if streams > 1 else {}))
    found = bench(BenchRequest(model="demo-tiny", board=BOARD.name, options=options)).to_dict()
    program = open_model("demo-tiny").lowered
    work = work_on(BOARD, program, BOARD.with_rate(BOARD.machine().having(
        streams=streams, **SHAPE)))
    assert found["differences"] == 0 and found["board"] == BOARD.name
    assert found["clock_hz"] == BOARD.clock_hz and found["round_trips_per_token"] == 1
    if streams == 1:  # of several the estimate counts one
        assert found["link_bytes_per_token"] == work.link.bytes
    waits = found["link_bytes_per_token"] * 10 / BOARD.baud + 0.016
    assert found["link_limit"] == pytest.approx(1 / waits)
    seconds = found["cycles_per_token"] / BOARD.clock_hz
    assert found["tokens_per_second_at_user"] == pytest.approx(1 / (seconds + waits))
    assert found["aggregate_tokens_per_second_at_user"] == pytest.approx(
        streams * found["tokens_per_second_at_user"])
    assert (found["luts"], found["luts_from"]) == (work.area.luts, "estimated")
    rate = streams / seconds
    assert found["tokens_per_second_per_kilolut"] == pytest.approx(1e3 * rate / work.area.luts)
    assert found["useful_gmacs_per_kilolut"] == pytest.approx(
        rate * program.trits() / work.area.luts / 1e6)
    assert 0 < found["utilisation"] <= found["roofline_utilisation"] <= 1


@pytest.mark.parametrize("name", read_baseline())
def test_look_up_tables_are_those_of_the_tracked_build(name: str) -> None:
    entry, board = read_baseline()[name], find_board(name)
    work = work_on(board, open_model(entry.model).lowered, board.with_rate(entry.machine))

    def values(of: object) -> dict[str, object]:
        return AtUser(board=board, work=of, clock_hz=1e6, cycles=100, traffic=Traffic(30, 2),
                      runs=1, operations=10).values()

    assert (values(work)["luts"], values(work)["luts_from"]) == (entry.luts, at_user.MEASURED)
    other = work_on(board, open_model(entry.model).lowered, board.with_rate(
        entry.machine.having(top_k=entry.machine.head.top_k + 1)))
    assert isinstance(other.machine.head, Head)
    assert values(other)["luts_from"] == at_user.ESTIMATED


@pytest.mark.parametrize(("options", "fields", "line"), [
    ({"config": "small"}, {"board": "ulx3s-12f"}, "--config: says what --board knows"),
    ({"memory": "kv260-16"}, {"board": "kv260"}, "--memory: says what --board knows"),
    ({"timeout": 3.0}, {"board": "ulx3s-12f"}, "--timeout: says what --board knows"),
    ({"clock_mhz": 3.0}, {}, "--clock-mhz: chooses for a board; give --board"),
    ({}, {"board": "ulx3s-12f", "clock_hz": 5e6}, "--board: is simulated, at its own clock"),
    ({}, {"board": "ulx3s-12f", "device": "tcp://there:1"}, "--board: is simulated"),
    ({}, {"board": "icebreaker"}, "icebreaker: demo does not fit: .* block RAMs"),
    ({}, {"board": "none"}, "no board is called 'none'"),
])
def test_what_cannot_be_is_told(options: dict, fields: dict, line: str) -> None:
    assert families()
    with pytest.raises(InputError, match=line):
        bench(BenchRequest(model="demo", options=Options(**options), **fields))
