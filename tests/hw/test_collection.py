"""The collector of garbage is slowed down while a design is made, and as it was behind that."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from sterna.errors import InputError
from sterna.machine.presets import PRESETS
from sterna_hw import verilog
from sterna_hw.collection import seldom_collected


def test_it_is_as_it_was_afterwards() -> None:
    before = gc.get_threshold()
    with pytest.raises(InputError), seldom_collected():
        assert gc.isenabled() and gc.get_threshold()[0] == 100_000
        raise InputError("of a design")
    assert gc.get_threshold() == before


def test_verilog_is_made_so(monkeypatch: pytest.MonkeyPatch) -> None:
    found, convert = [], verilog.verilog.convert

    def convert_and_look(*arguments: Any, **options: Any) -> str:
        found.append(gc.get_threshold()[0])
        return convert(*arguments, **options)

    monkeypatch.setattr(verilog.verilog, "convert", convert_and_look)
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    try:
        verilog.to_verilog(PRESETS["tiny"])
    finally:
        gc.set_threshold(*before)
    assert found == [100_000]
