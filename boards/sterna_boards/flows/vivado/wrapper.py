"""The Verilog that lets a vendor's block design connect the accelerator to its memories."""

from __future__ import annotations

from amaranth.hdl import Shape
from amaranth.lib.wiring import Out
from sterna.machine.machine import Machine
from sterna.machine.memory import AXI_ADDRESS_BITS
from sterna_hw.board.bus import CORE, WRAPPERS, wrapper_module
from sterna_hw.memory.axi_source import axi_members

from sterna_boards.outside_memory import Network, OutsideMemory

MODULE, NETWORK_MODULE = "sterna_board", "sterna_network"
LINK = "axi4-lite"
"""The bus of the byte link where processors have it."""
_ADDRESSES = ("araddr", "awaddr")


def wrapper(machine: Machine, outside: OutsideMemory, network: Network | None = None) -> str:
    """Module `MODULE` around module ``sterna``, its AXI ports named for Vivado's block designs.

    Ports: ``clk``, ``resetn``, ``rx``, ``tx`` and one AXI4 master for each memory port, which
    sees its region from address 0 on, or from ``port * port_bytes`` where the ports share a space.
    With a ``network`` it is `NETWORK_MODULE` around `wrapper_module`, with an AXI4-Lite slave
    ``s_axi`` instead of the line, and the regions begin at the network's memory.
    """
    spaces = outside.ports * outside.port_bytes if outside.shared else outside.port_bytes
    start = network.memory if network else 0
    address_bits = max(AXI_ADDRESS_BITS, (start + spaces - 1).bit_length())
    names = [f"m_axi_{port}" for port in range(machine.outside.ports)]
    if network:
        names.append("s_axi")
    declared = [
        '    (* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 clk CLK" *)\n'
        f'    (* X_INTERFACE_PARAMETER = "ASSOCIATED_BUSIF {":".join(names)}, '
        'ASSOCIATED_RESET resetn" *)\n'
        "    input wire clk",
        '    (* X_INTERFACE_INFO = "xilinx.com:signal:reset:1.0 resetn RST" *)\n'
        '    (* X_INTERFACE_PARAMETER = "POLARITY ACTIVE_LOW" *)\n'
        "    input wire resetn",
    ]
    inside: list[str] = []
    members = axi_members(machine)
    if network:
        cell, module = NETWORK_MODULE, wrapper_module(LINK)
        connected = [".aclk(clk)", ".aresetn(!reset)", ".irq()"]
        members |= {name: member for name, member in WRAPPERS[LINK].BUS.items() if name != "irq"}
    else:
        cell, module = MODULE, CORE
        declared += ["    input wire rx", "    output wire tx"]
        connected = [".clk(clk)", ".rst(reset)", ".rx(rx)", ".tx(tx)"]
    for name, member in members.items():
        port, signal = name.rsplit("_", 1)
        width = Shape.cast(member.shape).width
        outer = address_bits if signal in _ADDRESSES and port != "s_axi" else width
        way = "output" if member.flow is Out else "input"
        declared.append(
            f'    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 {port} {signal.upper()}" '
            f"*)\n    {way} wire {_range(outer)}{name}")
        if signal in _ADDRESSES and port != "s_axi":
            base = start + int(port.rsplit("_", 1)[1]) * outside.port_bytes if outside.shared else 0
            inside += [f"  wire {_range(width)}{name}_in_region;",
                       f"  assign {name} = {address_bits}'h{base:x} + {name}_in_region;"]
            connected.append(f".{name}({name}_in_region)")
        else:
            connected.append(f".{name}({name})")
    return "\n".join([
        "// The accelerator as a cell of a block design.",
        f"module {cell} (", ",\n".join(declared), ");",
        "  reg reset = 1'b1;", "  always @(posedge clk) reset <= !resetn;",
        *inside,
        f"  {module} accelerator (", ",\n".join(f"      {port}" for port in connected), "  );",
        "endmodule", ""])


def _range(width: int) -> str:
    return f"[{width - 1}:0] " if width > 1 else ""
