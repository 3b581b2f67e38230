"""Raw files: every byte of the image at the address that the manifest and the gateware state."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import requirements
from sterna.compiler.schedule import schedule
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi, Memory, Sdram, constant_base, outside_words
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import Space
from sterna_boards.catalogue import BOARDS
from sterna_boards.handover import raw
from sterna_boards.handover.core import Core

from tests.sim.shapes import common_configuration, random_program

PROGRAM = random_program(96, 2, 100, 97, seed=96)
_WIDE = common_configuration(PRESETS["tiny"], [(PROGRAM, "chip")])
MACHINE = _WIDE.having(weight_depth=requirements(
    PROGRAM, _WIDE, schedule(PROGRAM, _WIDE), "chip")["ternary_weight_depth"])
AXI = Axi(ports=4, bits=64, burst=4, prefetch=8, constants=True)


def written(memory: Memory, folder: Path, **more: Any) -> tuple[Core, dict[str, Any]]:
    machine: Machine = MACHINE.having(memory=memory)
    image = compile_program(PROGRAM, machine, "chip")
    core = Core(machine=machine, image=image, raw=True, **more)
    found = raw.write(core, folder)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {*found.files}
    facts = found.facts["raw"]
    assert isinstance(facts, dict)
    return core, facts


@pytest.mark.parametrize("memory", [
    AXI, replace(AXI, constants=False, resident_words=40), replace(AXI, ports=1, bits=32),
    Sdram(resident_words=8)], ids=repr)
def test_every_byte_is_where_the_layout_says(memory: Any, tmp_path: Path) -> None:
    core, facts = written(memory, tmp_path)
    machine, image = core.machine, core.image
    assert image is not None
    size, words = machine.ternary.weight_bytes, outside_words(machine)
    beat, files = machine.outside.bits // 8, sorted(facts["outside"])
    assert facts["beat_bytes"] == beat and len(files) == machine.outside.ports
    data = [(tmp_path / name).read_bytes() for name in files]
    assert [facts["outside"][name]["bytes"] for name in files] == [len(part) for part in data]
    wanted = {first * size + place: byte
              for first, word in enumerate(image.parts[Space.WEIGHTS].array()[:words])
              for place, byte in enumerate(word[:size].tolist())}
    if machine.memory.holds_constants:
        group = machine.vector.constant_bytes
        base = constant_base(machine)
        assert facts["constants_from_byte"] == base
        wanted |= {base + first * group + place: byte
                   for first, word in enumerate(image.parts[Space.CONSTANTS].array())
                   for place, byte in enumerate(word[:group].tolist())}
    for b in random.Random(1).sample([*wanted], 3000):
        port = data[b // beat % len(files)]
        assert port[b // (beat * len(files)) * beat + b % beat] == wanted[b]
    resident = tmp_path / "memories" / "weights.hex"
    assert resident.exists() == bool(machine.memory.resident)
    if resident.exists():
        assert facts["chip"]["memories/weights.hex"]["first_word"] == words
    assert (Space.CONSTANTS in {item["memory"] for item in facts["chip"].values()}
            ) != machine.memory.holds_constants


def test_words_on_the_chip_are_lines_for_readmemh(tmp_path: Path) -> None:
    core, facts = written(MACHINE.memory, tmp_path)
    assert core.image is not None and "outside" not in facts
    for name, about in facts["chip"].items():
        lines = (tmp_path / name).read_text().split()
        part = core.image.parts[about["memory"]].array()
        assert len(lines) == about["words"] == len(part)
        assert {len(line) for line in lines} <= {-(-about["word_bits"] // 4)}
        digits = [int(line, 16).to_bytes(part.shape[1], "little") for line in lines]
        assert np.array_equal(np.frombuffer(b"".join(digits), np.uint8), part.reshape(-1))


def test_ports_of_a_board_that_share_a_space_have_bases(tmp_path: Path) -> None:
    board = next(board for board in BOARDS.values() if board.outside and board.outside.shared)
    assert board.outside is not None
    _, facts = written(AXI, tmp_path, board=board)
    bases = [facts["outside"][f"memories/m_axi_{port}.bin"]["base"] for port in range(4)]
    assert bases == [port * board.outside.port_bytes for port in range(4)]


def test_raw_needs_contents(sterna: Any, tmp_path: Path) -> None:
    refused = sterna("rtl", "--config", "tiny", "--raw", "-o", tmp_path / "no")
    assert refused.code == 2 and "--raw: is for the contents of memories; give a MODEL" in (
        refused.errors)
    assert not [*tmp_path.iterdir()]
