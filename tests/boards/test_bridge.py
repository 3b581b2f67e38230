# amaranth: UnusedElaboratable=no
"""Which answers are paced for the bridge of the serial port, and what that costs."""

from __future__ import annotations

import pytest
from sterna.families.spiking.examples import layer
from sterna.families.spiking.lowering import lower
from sterna.families.spiking.quantise import quantise
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import result_words
from sterna_boards.board import Board
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.model import estimate
from sterna_boards.flows.open.designs import accelerator

from tests.boards.kinds import OPEN_BOARDS

COLORLIGHT = find_board("colorlight-i9")


def _has_pacer(board: Board, machine) -> bool:
    plan = board.tools().platform().prepare(accelerator(board, machine).top(), "sterna")
    return "\\sterna.serial.pacer" in plan.files["sterna.il"]


def test_an_answer_that_fits_the_probe_is_not_paced() -> None:
    assert not _has_pacer(COLORLIGHT, PRESETS["tiny"])
    assert COLORLIGHT.answer_pause(COLORLIGHT.machine()) == 0


def test_answers_that_are_longer_than_the_buffer_are_paced() -> None:
    bridge = COLORLIGHT.bridge
    assert bridge is not None
    streams = [PRESETS["tiny"].having(streams=count, top_k=8) for count in (6, 8)]
    assert 4 * result_words(streams[0], 6) < 496 and 4 * result_words(streams[1], 8) > 512
    assert [bridge.pace(one, 75e6) for one in streams] == [None, (256, 2344)]


def test_the_estimate_counts_the_pause() -> None:
    """Of 600 neurons: 2,432 bytes, of which all but half of the buffer go at 32 kB/s."""
    network = lower(quantise(layer(4, 600, 1)))
    for board in OPEN_BOARDS.values():
        found = estimate(board, network)
        answer = 4 * result_words(found.machine) + 16
        pause = (answer - 256) * (1 / 32_000 - 10 / board.baud)
        line = 10 * found.speed.link_bytes / board.baud + 1 / found.speed.a_second
        line += board.latency.seconds
        if board is COLORLIGHT:
            line += pause
            assert _has_pacer(board, found.machine) and pause == pytest.approx(0.047, rel=0.1)
        assert 1 / found.speed.a_second_over_link == pytest.approx(line)
