"""Names in the Verilog come from the sources alone, not from the byte code of a Python version.

Amaranth 0.5.10 names a signal by the instruction behind the call that makes it
(`amaranth.tracer.get_var_name`). Pythons 3.11 to 3.13 have three orders and spellings of those
instructions for ``a, b = Signal(), Signal()``, for ``a = b = Signal()`` and for conditional
expressions; for ``a = Signal()`` they have one.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for package in ("hw/sterna_hw", "boards/sterna_boards")
                 for path in (ROOT / package).rglob("*.py"))
NAMED = ("Signal", "Signal.like", "ClockDomain")
NAMED_METHODS = (".write_port", ".read_port", ".create")
DIGEST = """
import hashlib
from sterna.machine.presets import PRESETS
from sterna_hw.verilog import to_verilog
print(hashlib.sha256(to_verilog(PRESETS["tiny"].having(compact=True)).encode()).hexdigest())
"""


def takes_a_name(node: ast.AST) -> bool:
    """Whether it is a call that looks for a name of its own."""
    if not isinstance(node, ast.Call) or any(
            item.arg in ("name", "path") for item in node.keywords):
        return False
    called = ast.unparse(node.func)
    return called in NAMED or called.endswith(NAMED_METHODS)


def fragile(source: str) -> list[int]:
    """Lines where a name depends on the order in which values are stored."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign):
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            several = len(node.targets) > 1 or isinstance(node.targets[0], ast.Tuple)
            if several and any(map(takes_a_name, values)):
                found.append(node.lineno)
        elif (isinstance(node, ast.NamedExpr | ast.IfExp | ast.BoolOp)
              and any(map(takes_a_name, ast.iter_child_nodes(node)))):
            found.append(node.lineno)
    return found


@pytest.mark.parametrize("source", [
    "a, b = Signal(), Signal(3)", "a, b = 1, Signal()", "a = b = Signal()",
    "m.s = a = memory.write_port()", "a, b = memory.write_port(), memory.read_port()",
    "f(x=(a := Signal()))", "a = Signal(1) if b else Signal.like(b)", "a = b or Signal()",
    "a = b = stream.Signature(8).create()",
])
def test_what_is_fragile(source):
    assert fragile(source) == [1]


@pytest.mark.parametrize("source", [
    "a = Signal()", "self.a = Signal(8 if b else 4)", "return memory.read_port()",
    "a, b = Signal(name='a'), Signal(name='b')", "a = [Signal() for _ in range(3)]",
    "a, b = (Signal() for _ in range(2))", "a = b = 1", "a, b = left, Mux(a, left, right)",
])
def test_what_is_not(source):
    assert fragile(source) == []


def test_no_source_is_fragile():
    assert len(SOURCES) > 150
    assert [f"{path.relative_to(ROOT)}:{line}" for path in SOURCES
            for line in fragile(path.read_text(encoding="utf-8"))] == []


def test_the_text_is_the_same_with_other_hash_seeds():
    """Of a machine with immediate values where others have queues: names of all kinds."""
    digests = {
        subprocess.run([sys.executable, "-c", DIGEST], check=True, capture_output=True, text=True,
                       env=os.environ | {"PYTHONHASHSEED": seed,
                                         "PYTHONPATH": os.pathsep.join(sys.path)}).stdout
        for seed in ("1", "2")}
    assert len(digests) == 1
