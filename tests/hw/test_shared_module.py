"""Equal modules: in place for synthesis, written once for simulators of large engines."""

from __future__ import annotations

import re

import pytest
from amaranth.hdl import Fragment
from sterna.machine.presets import PRESETS
from sterna_hw.memory.storage import VerilogText
from sterna_hw.shared_module import ModuleInstance, shared, shares_modules
from sterna_hw.ternary.adder_tree import AdderTree
from sterna_hw.verilog import elsewhere, separate_modules, to_verilog

TINY = PRESETS["tiny"]


@pytest.mark.parametrize("platform", [None, VerilogText(), object()])
def test_other_platforms_get_the_component_itself(platform):
    assert not shares_modules(platform)
    component = shared(platform, "tree", lambda: AdderTree(4))
    assert isinstance(component, AdderTree)
    Fragment.get(component, None)


def test_a_module_is_made_once():
    platform, made = VerilogText(share=True), []

    def make() -> AdderTree:
        made.append(AdderTree(4))
        return made[-1]

    first, second = (shared(platform, "tree", make) for _ in range(2))
    assert isinstance(first, ModuleInstance) and isinstance(second, ModuleInstance)
    assert platform.shared_modules == {"tree": made[0]} and len(made) == 1
    assert first.signature == made[0].signature
    for each in (first, second, made[0]):
        Fragment.get(each, None)


@pytest.mark.parametrize("machine, modules", [
    (TINY, {"sterna_adder_tree_4", "sterna_decoders_2"}),
    (TINY.having(streams=2), {"sterna_adder_tree_4", "sterna_decoders_2", "sterna_data_path"}),
    (TINY.having(lane="tables", columns=12, code_depth=72), {"sterna_table_row_4"}),
], ids=["adders", "streams", "tables"])
def test_rows_are_written_once(machine, modules):
    text = to_verilog(machine, platform=VerilogText(share=True))
    found = separate_modules(text)
    assert set(found) == modules and len(found) == len(modules)
    for module in found:
        assert text.count(f"\n`ifndef {elsewhere(module)}\n") == 1
        assert len(re.findall(rf"^module {module}\(", text, re.MULTILINE)) == 1
    row = next(module for module in found if "row" in module or "tree" in module)
    assert len(re.findall(rf"^  {row} ", text, re.MULTILINE)) == machine.ternary.rows
    # What uses others comes behind them.
    assert "sterna_data_path" not in found[:-1]
    assert to_verilog(machine, platform=VerilogText(share=True)) == text
