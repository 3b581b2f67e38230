"""The Verilog that lets a vendor's block design connect the accelerator to its memories."""

from __future__ import annotations

from amaranth.hdl import Shape
from amaranth.lib.wiring import Out
from sterna.machine.machine import Machine
from sterna.machine.memory import AXI_ADDRESS_BITS
from sterna_hw.memory.axi_source import axi_members

from sterna_boards.outside_memory import OutsideMemory

MODULE = "sterna_board"
_ADDRESSES = ("araddr", "awaddr")


def wrapper(machine: Machine, outside: OutsideMemory) -> str:
    """Module `MODULE` around module ``sterna``, its AXI ports named for Vivado's block designs.

    Ports: ``clk``, ``resetn``, ``rx``, ``tx`` and one AXI4 master for each memory port, which
    sees its region from address 0 on, or from ``port * port_bytes`` where the ports share a space.
    """
    spaces = outside.ports * outside.port_bytes if outside.shared else outside.port_bytes
    address_bits = max(AXI_ADDRESS_BITS, (spaces - 1).bit_length())
    names = [f"m_axi_{port}" for port in range(machine.outside.ports)]
    declared = [
        '    (* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 clk CLK" *)\n'
        f'    (* X_INTERFACE_PARAMETER = "ASSOCIATED_BUSIF {":".join(names)}, '
        'ASSOCIATED_RESET resetn" *)\n'
        "    input wire clk",
        '    (* X_INTERFACE_INFO = "xilinx.com:signal:reset:1.0 resetn RST" *)\n'
        '    (* X_INTERFACE_PARAMETER = "POLARITY ACTIVE_LOW" *)\n'
        "    input wire resetn",
        "    input wire rx", "    output wire tx",
    ]
    inside, connected = [], [".clk(clk)", ".rst(reset)", ".rx(rx)", ".tx(tx)"]
    for name, member in axi_members(machine).items():
        port, signal = name.rsplit("_", 1)
        width = Shape.cast(member.shape).width
        outer = address_bits if signal in _ADDRESSES else width
        way = "output" if member.flow is Out else "input"
        declared.append(
            f'    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 {port} {signal.upper()}" '
            f"*)\n    {way} wire {_range(outer)}{name}")
        if signal in _ADDRESSES:
            base = int(port.rsplit("_", 1)[1]) * outside.port_bytes if outside.shared else 0
            inside += [f"  wire {_range(width)}{name}_in_region;",
                       f"  assign {name} = {address_bits}'h{base:x} + {name}_in_region;"]
            connected.append(f".{name}({name}_in_region)")
        else:
            connected.append(f".{name}({name})")
    return "\n".join([
        "// The accelerator as a cell of a block design.",
        f"module {MODULE} (", ",\n".join(declared), ");",
        "  reg reset = 1'b1;", "  always @(posedge clk) reset <= !resetn;",
        *inside,
        "  sterna accelerator (", ",\n".join(f"      {port}" for port in connected), "  );",
        "endmodule", ""])


def _range(width: int) -> str:
    return f"[{width - 1}:0] " if width > 1 else ""
