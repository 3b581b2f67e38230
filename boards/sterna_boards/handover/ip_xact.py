"""``component.xml``: ports and interfaces in IP-XACT (IEEE 1685-2014)."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import sterna
from sterna_hw.interfaces import Interface, interfaces_of
from sterna_hw.link.axi_lite import ADDRESS_BITS, FIELDS, Register

from sterna_boards.handover.core import Core, Written

NAME = "component.xml"
SPACE = "http://www.accellera.org/XMLSchema/IPXACT/1685-2014"
_TYPES = {
    "axis": ("amba.com", "AMBA4", "AXI4Stream", "r0p0_1"),
    "aximm": ("amba.com", "AMBA4", "AXI4", "r0p0_0"),
    "lite": ("amba.com", "AMBA4", "AXI4-Lite", "r0p0_0"),
    "clock": ("xilinx.com", "signal", "clock", "1.0"),
    "reset": ("xilinx.com", "signal", "reset", "1.0"),
    "interrupt": ("xilinx.com", "signal", "interrupt", "1.0"),
}
"""Bus definitions, whose abstractions are called the same with ``_rtl``: those of Arm, and of
clocks and resets, which nobody else has, those of Vivado."""
_FILES, _RTL = "rtl", "rtl"
_REGISTERS = "registers"
_ACCESS = {Register.STATUS: "read-only", Register.SPACE: "read-only", Register.WORD: "write-only"}


def write(core: Core, folder: Path) -> Written:
    """The description of `Core.top`; nothing for a board's project."""
    if core.board is not None:
        return Written()
    ElementTree.register_namespace("ipxact", SPACE)
    root = _component(core, sorted(path.name for path in folder.glob("*.v")))
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(folder / NAME, encoding="UTF-8", xml_declaration=True)
    return Written({NAME: f"IP-XACT (IEEE 1685-2014) of module {core.top}"})


def _add(parent: ElementTree.Element, path: str, text: str | None = None,
         **attributes: str) -> ElementTree.Element:
    """Elements one in the other, by names parted by slashes; the innermost."""
    for name in path.split("/"):
        parent = ElementTree.SubElement(parent, f"{{{SPACE}}}{name}")
    parent.text = text
    parent.attrib.update(attributes)
    return parent


def _component(core: Core, sources: list[str]) -> ElementTree.Element:
    """In the order that the schema asks for."""
    root = ElementTree.Element(f"{{{SPACE}}}component")
    for name, text in (("vendor", "sterna"), ("library", "sterna"), ("name", core.top),
                       ("version", sterna.__version__)):
        _add(root, name, text)
    interfaces = interfaces_of(core.ports)
    buses = _add(root, "busInterfaces")
    for interface in interfaces:
        _bus(buses, interface)
    if any(interface.lite for interface in interfaces):
        _registers(root)
    model = _add(root, "model")
    view = _add(model, "views/view")
    _add(view, "name", _RTL)
    _add(view, "componentInstantiationRef", _RTL)
    instance = _add(model, "instantiations/componentInstantiation")
    _add(instance, "name", _RTL)
    _add(instance, "language", "verilog")
    _add(instance, "moduleName", core.top)
    _add(instance, "fileSetRef/localName", _FILES)
    ports = _add(model, "ports")
    for port in core.ports:
        item = _add(ports, "port")
        _add(item, "name", port.name)
        wire = _add(item, "wire")
        _add(wire, "direction", port.direction)
        if port.width > 1:
            vector = _add(wire, "vectors/vector")
            _add(vector, "left", str(port.width - 1))
            _add(vector, "right", "0")
    files = _add(root, "fileSets/fileSet")
    _add(files, "name", _FILES)
    for source in sources:
        item = _add(files, "file")
        _add(item, "name", source)
        _add(item, "fileType", "verilogSource")
    _add(root, "description", "Accelerator made by Sterna")
    return root


def _bus(buses: ElementTree.Element, interface: Interface) -> None:
    item = _add(buses, "busInterface")
    _add(item, "name", interface.name)
    vendor, library, name, version = _TYPES["lite" if interface.lite else interface.kind]
    _add(item, "busType", vendor=vendor, library=library, name=name, version=version)
    abstraction = _add(item, "abstractionTypes/abstractionType")
    _add(abstraction, "abstractionRef", vendor=vendor, library=library, name=f"{name}_rtl",
         version=version)
    maps = _add(abstraction, "portMaps")
    for logical, physical in interface.ports.items():
        pair = _add(maps, "portMap")
        _add(pair, "logicalPort/name", logical)
        _add(pair, "physicalPort/name", physical)
    mode = _add(item, interface.role)
    if interface.lite:
        _add(mode, "memoryMapRef", memoryMapRef=_REGISTERS)
    if interface.parameters:
        parameters = _add(item, "parameters")
        for name, value in interface.parameters.items():
            parameter = _add(parameters, "parameter", parameterId=f"{interface.name}_{name}")
            _add(parameter, "name", name)
            _add(parameter, "value", value)


def _registers(root: ElementTree.Element) -> None:
    """Those of `AxiLiteLink`."""
    item = _add(root, "memoryMaps/memoryMap")
    _add(item, "name", _REGISTERS)
    block = _add(item, "addressBlock")
    _add(block, "name", _REGISTERS)
    _add(block, "baseAddress", "0")
    _add(block, "range", str(1 << ADDRESS_BITS))
    _add(block, "width", "32")
    for register in Register:
        entry = _add(block, "register")
        _add(entry, "name", register.name)
        _add(entry, "addressOffset", str(int(register)))
        _add(entry, "size", "32")
        _add(entry, "access", _ACCESS.get(register, "read-write"))
        for name, (low, width) in FIELDS[register].items():
            field = _add(entry, "field")
            _add(field, "name", name)
            _add(field, "bitOffset", str(low))
            _add(field, "bitWidth", str(width))
    _add(item, "addressUnitBits", "8")
