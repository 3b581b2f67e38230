# amaranth: UnusedElaboratable=no
"""When memories lie in single-port RAM; tests/boards/parts/test_netlist.py runs on such ones."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from amaranth.back import rtlil
from sterna_hw.memory import LoadableMemory
from sterna_hw.memory.single_port import SinglePortBank

from tests.hw.spaces import Number

ULTRA_PLUS = SimpleNamespace(device="iCE40UP5K")
OTHER = SimpleNamespace(device="iCE40HX8K")


def rams(platform: object, width: int, depth: int, large: bool = True) -> int:
    memory = LoadableMemory(width, depth, Number.WEIGHTS, large=large)
    return rtlil.convert(memory, platform=platform).count("cell \\SB_SPRAM256KA ")


@pytest.mark.parametrize("width, count", [(1, 1), (16, 1), (17, 2), (32, 2), (48, 3)])
def test_every_sixteen_bits_take_a_ram(width: int, count: int) -> None:
    assert rams(ULTRA_PLUS, width, 16384) == count


def test_other_memories_stay_in_block_ram() -> None:
    assert rams(ULTRA_PLUS, 32, 16385) == 0
    assert rams(ULTRA_PLUS, 32, 100, large=False) == 0
    assert rams(OTHER, 32, 100) == 0
    assert rams(None, 32, 100) == 0


def test_a_ram_has_its_depth() -> None:
    with pytest.raises(ValueError, match="16385 words; a single-port RAM holds 16384"):
        SinglePortBank(16, 16385)
