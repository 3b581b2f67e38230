"""Block memory: an Amaranth memory, or in generated Verilog a module that the text defines once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import ClockSignal, Instance, Module, unsigned
from amaranth.lib import memory
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component

LARGE_DEPTH = 4096
"""Words from which a memory lies in RAMs of 288 kbit, if the part has them."""
MODULE = "sterna_memory"
MODULE_DEPTH = 1024
"""Words from which a memory without contents is an instance of `MODULE` in Verilog text."""
MODULE_TEXT = f"""\
module {MODULE} #(parameter WIDTH = 1, DEPTH = 2, ADDRESS = 1) (
    input clk,
    input write_enable, input [ADDRESS-1:0] write_address, input [WIDTH-1:0] write_data,
    input enable, input [ADDRESS-1:0] address, output reg [WIDTH-1:0] data);
  (* no_rw_check = 1 *)
  reg [WIDTH-1:0] memory [0:DEPTH-1] /* verilator public_flat */;
`ifndef SYNTHESIS
  integer word;
  initial for (word = 0; word < DEPTH; word = word + 1) memory[word] = 0;
`endif
  always @(posedge clk) begin
    if (write_enable) memory[write_address] <= write_data;
    if (enable) data <= memory[address];
  end
endmodule
"""


def in_large_rams(platform: Any, depth: int) -> bool:
    """Whether a memory of so many words does, on a platform that says by ``large_rams`` whether
    there are any."""
    return depth >= LARGE_DEPTH and getattr(platform, "large_rams", False)


class VerilogText:
    """Stands for the platform where Verilog text is made for no part in particular.

    Any platform with ``memory_modules`` gets instances of `MODULE`, and adds `MODULE_TEXT`; one
    with ``shared_modules`` gets what `shared` collects there, written once.

    Args:
        share: collect them, for a simulator of a large engine.
    """

    memory_modules = True

    def __init__(self, share: bool = False) -> None:
        self.shared_modules: dict[str, Component] | None = {} if share else None


class Storage(Component):
    """Words of ``width`` bits with one write port and one synchronous read port.

    Written in the clock of ``write_enable``; read with latency 1 while ``enable``. A word that is
    written in the clock of its read comes out old or new. Content at power up is ``initial``, zero
    beyond that.

    Amaranth writes the contents of a memory bit by bit, minutes for megabits, so that a platform
    with ``memory_modules`` gets an instance of `MODULE` where there is nothing to contain. Its
    ``memory`` can be reached from a Verilator model.

    Members:
        write_enable, write_address, write_data: In. enable, address: In. data: Out(width).

    Args:
        width: bits of a word. depth: words. initial: words at power up.
        block: ask Vivado for block RAM. large: ask for RAMs as `in_large_rams` says.
    """

    def __init__(self, width: int, depth: int, initial: Sequence[int] = (),
                 block: bool = False, large: bool = False) -> None:
        self._width = width
        self._depth = depth
        self._initial = initial
        self._block = block
        self._large = large
        super().__init__({
            "write_enable": In(1), "write_address": In(range(depth)), "write_data": In(width),
            "enable": In(1), "address": In(range(depth)), "data": Out(width),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        modules = getattr(platform, "memory_modules", False)
        if modules and self._depth >= MODULE_DEPTH and not any(self._initial):
            m.submodules.ram = Instance(
                MODULE, p_WIDTH=self._width, p_DEPTH=self._depth, p_ADDRESS=len(self.address),
                i_clk=ClockSignal(), i_write_enable=self.write_enable,
                i_write_address=self.write_address, i_write_data=self.write_data,
                i_enable=self.enable, i_address=self.address, o_data=self.data)
            return m
        # Without no_rw_check, synthesis adds a bypass that returns the old word in a collision.
        attributes = {"no_rw_check": "1"} | ({"ram_style": "block"} if self._block else {})
        if self._large and in_large_rams(platform, self._depth):
            attributes["ram_style"] = "ultra"
        m.submodules.ram = storage = memory.Memory(
            shape=unsigned(self._width), depth=self._depth, init=list(self._initial),
            attrs=attributes)
        write = storage.write_port()
        read = storage.read_port()
        m.d.comb += [
            write.addr.eq(self.write_address),
            write.data.eq(self.write_data),
            write.en.eq(self.write_enable),
            read.addr.eq(self.address),
            read.en.eq(self.enable),
            self.data.eq(read.data),
        ]
        return m
