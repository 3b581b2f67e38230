"""The page says what the Verilog has, and its bytes are those of the link."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from sterna.machine.frames import Frame, FrameDecoder
from sterna.machine.memory import Axi, Sdram
from sterna.machine.presets import PRESETS, STEP_MACHINE
from sterna_boards.catalogue import find_board
from sterna_boards.handover.core import Core
from sterna_boards.handover.interface import NAME, page, write
from sterna_hw.verilog import to_serial_verilog, to_verilog

TINY = PRESETS["tiny"]
MACHINES = {"tiny": TINY, "axi": TINY.having(memory=Axi(ports=2)), "spiking": STEP_MACHINE,
            "sdram": TINY.having(memory=Sdram()), "trace": TINY.having(trace=True, streams=2)}


def page_ports(text: str) -> dict[str, tuple[str, int]]:
    found = re.findall(r"^\| `(\w+)` \| (in|out) \| (\d+) \|", text, re.MULTILINE)
    return {name: (direction, int(bits)) for name, direction, bits in found}


def verilog_ports(text: str) -> dict[str, tuple[str, int]]:
    """Those of module ``sterna``."""
    body = re.search(r"^module sterna\(.*?^endmodule", text, re.MULTILINE | re.DOTALL)
    assert body is not None
    found = re.findall(r"^  (in|out)put (?:\[(\d+):0\] )?(\w+);", body[0], re.MULTILINE)
    return {name: (direction, int(high or 0) + 1) for direction, high, name in found}


@pytest.mark.parametrize("name", MACHINES)
def test_ports_of_the_page_are_those_of_the_verilog(name: str, tmp_path: Path) -> None:
    core = Core(machine=MACHINES[name])
    facts = write(core, tmp_path).facts
    found = page_ports((tmp_path / NAME).read_text())
    assert found == verilog_ports(to_verilog(core.machine)) and len(found) >= 8
    listed = json.loads(json.dumps(facts))["ports"]
    assert {port: (item["direction"], item["bits"]) for port, item in listed.items()} == found


def test_ports_of_a_board_are_those_behind_its_uart() -> None:
    machine = TINY.having(memory=Axi(ports=1))
    text = page(Core(machine=machine, board=find_board("kv260")))
    assert page_ports(text) == verilog_ports(to_serial_verilog(machine, 25))
    assert {"rx", "tx", "m_axi_0_araddr"} <= page_ports(text).keys()


def test_examples_are_frames() -> None:
    lines = re.findall(r"^- .*: `([0-9a-f ]+)`$", page(Core(machine=TINY)), re.MULTILINE)
    frames = [frame for line in lines for frame in FrameDecoder().feed(bytes.fromhex(line))]
    assert frames[0] == Frame(1, 1) and len(frames) == len(lines) == 4


@pytest.mark.parametrize("name", MACHINES)
def test_memories_counters_and_instructions_are_all_named(name: str) -> None:
    machine = MACHINES[name]
    text = page(Core(machine=machine))
    for spec in machine.spaces:
        assert re.search(rf"^\| \d+ \| `{spec.name}` \| {spec.bits} \|", text, re.MULTILINE)
    for counter in machine.counters:
        assert f"counter `{counter.name}`" in text
    for item in machine.instructions:
        assert f"| {item.name} |" in text
    assert "sterna." not in text.replace("image.sterna", "")
