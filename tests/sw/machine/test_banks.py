"""How words are cut into banks."""

from __future__ import annotations

import pytest
from sterna.machine.banks import bank_edges
from sterna.machine.protocol import CHUNK_BITS


@pytest.mark.parametrize("family", [None, "ice40", "ecp5"])
@pytest.mark.parametrize("parts", [1, 3, 16])
@pytest.mark.parametrize("width", [1, 32, 33, 48, 101, 320, 2560])
def test_banks_are_the_word_and_no_bank_has_three_chunks(
        width: int, parts: int, family: str | None) -> None:
    edges = bank_edges(width, 512, family, parts)
    assert [bit for start, stop in edges for bit in range(start, stop)] == list(range(width))
    assert all((stop - 1) // CHUNK_BITS - start // CHUNK_BITS <= (family == "ecp5")
               for start, stop in edges)
    assert len(edges) <= -(-width // CHUNK_BITS)


def test_each_matrix_row_of_the_demo_has_its_own() -> None:
    """160 bits are four block RAMs of 36 and half of one, where chunks take five."""
    widths = [stop - start for start, stop in bank_edges(2560, 1024, "ecp5", 16)]
    assert widths == [36, 36, 36, 36, 16] * 16
    assert len(bank_edges(2560, 1024, "ecp5")) == 72


def test_parts_that_take_more_banks_are_not_kept_apart() -> None:
    assert bank_edges(320, 512, "ecp5", 8) == bank_edges(320, 512, "ecp5")


def test_words_that_lie_in_look_up_tables_are_cut_by_chunks() -> None:
    assert bank_edges(144, 32, "ecp5") == bank_edges(144, 32)
