"""Memories outside, as a test bench has them: behind AXI4 ports, and an SDR SDRAM."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from sterna.machine.machine import Machine
from sterna.machine.row_memory import held_bytes

PAGE_BYTES = 4096
"""What is fetched ahead of the end."""
_AXI = {"araddr": 32, "arlen": 8, "arvalid": 1, "arready": 1, "rdata": 0, "rlast": 1, "rvalid": 1,
        "rready": 1, "awaddr": 32, "awvalid": 1, "awready": 1, "wdata": 0, "wstrb": -1,
        "wvalid": 1, "wready": 1, "bvalid": 1, "bready": 1}
"""Signals of a port, and their widths: 0 for a beat, -1 for its bytes."""
_UNUSED = ("arsize", "arburst", "arcache", "arprot", "awlen", "awsize", "awburst", "awcache",
           "awprot", "wlast")


@dataclass(frozen=True)
class Memories:
    """Wires and instances, connections of what is tested, and modules."""

    wires: str = ""
    connections: tuple[str, ...] = ()
    instances: str = ""
    modules: str = ""


def memories_of(machine: Machine) -> Memories:
    """Those of a machine."""
    if machine.driven is not None:
        return _sdram(machine)
    return _axi(machine) if machine.memory.axi_ports else Memories()


def _range(bits: int) -> str:
    return f"[{bits - 1}:0] " if bits > 1 else ""


def _axi(machine: Machine) -> Memories:
    memory = machine.outside
    beats = ceil((held_bytes(machine) / memory.ports + PAGE_BYTES) * 8 / memory.bits)
    wires, connections, instances = [], [], []
    for port in range(memory.ports):
        for name, width in _AXI.items():
            bits = {0: memory.bits, -1: memory.bits // 8}.get(width, width)
            wires.append(f"  wire {_range(bits)}axi_{port}_{name};\n")
            connections.append(f".m_axi_{port}_{name}(axi_{port}_{name})")
        connections += [f".m_axi_{port}_rresp(2'b00)", f".m_axi_{port}_bresp(2'b00)"]
        connections += [f".m_axi_{port}_{name}()" for name in _UNUSED]
        pins = ", ".join(f".{name}(axi_{port}_{name})" for name in _AXI)
        instances.append(
            f"  axi_memory #(.BITS({memory.bits}), .BEATS({beats})) memory_{port} (\n"
            f"    .clk(clk), .rst(rst), {pins});\n")
    return Memories("".join(wires), tuple(connections), "".join(instances), AXI_TEXT)


def _sdram(machine: Machine) -> Memories:
    part = machine.driven
    assert part is not None
    beats = ceil((held_bytes(machine) + PAGE_BYTES) * 8 / part.bits)
    widths = {"ras_n": 1, "cas_n": 1, "we_n": 1, "ba": part.bank_bits, "a": max(part.row_bits, 11),
              "dq_o": part.bits, "dq_oe": 1, "dq_i": part.bits}
    pins = ", ".join(f".{name}(sdram_{name})" for name in widths)
    return Memories(
        "".join(f"  wire {_range(bits)}sdram_{name};\n" for name, bits in widths.items()),
        tuple(f".sdram_{name}(sdram_{name})" for name in widths),
        f"  sdram #(.BITS({part.bits}), .BANKS({part.bank_bits}), .ROWS({part.row_bits}), "
        f".PINS({widths['a']}), .COLUMNS({part.column_bits}), .BEATS({beats})) memory (\n"
        f"    .clk(clk), {pins});\n", SDRAM_TEXT)


AXI_TEXT = """\

// A memory behind an AXI4 port: reads in bursts, writes a beat at a time.
// verilator lint_off WIDTH
module axi_memory #(parameter BITS = 128, BEATS = 1024) (
    input clk, input rst,
    input [31:0] araddr, input [7:0] arlen, input arvalid, output arready,
    output [BITS-1:0] rdata, output rlast, output rvalid, input rready,
    input [31:0] awaddr, input awvalid, output awready,
    input [BITS-1:0] wdata, input [BITS/8-1:0] wstrb, input wvalid, output wready,
    output bvalid, input bready);
  localparam SHIFT = $clog2(BITS / 8);
  reg [BITS-1:0] memory [0:BEATS-1];
  reg [31:0] read = 0, write = 0;
  reg [8:0] left = 0;
  reg addressed = 0, written = 0;
  integer n;
  initial for (n = 0; n < BEATS; n = n + 1) memory[n] = 0;

  assign arready = left == 0;
  assign rvalid = left != 0;
  assign rlast = left == 1;
  assign rdata = read < BEATS ? memory[read] : 0;
  assign awready = !addressed && !written;
  assign wready = addressed;
  assign bvalid = written;

  always @(posedge clk)
    if (rst) begin
      left <= 0; addressed <= 0; written <= 0;
    end else begin
      if (arvalid && arready) begin
        read <= araddr >> SHIFT; left <= {1'b0, arlen} + 1;
      end
      if (rvalid && rready) begin read <= read + 1; left <= left - 1; end
      if (awvalid && awready) begin write <= awaddr >> SHIFT; addressed <= 1; end
      if (wvalid && wready) begin
        for (n = 0; n < BITS / 8; n = n + 1)
          if (wstrb[n]) memory[write][8*n +: 8] <= wdata[8*n +: 8];
        addressed <= 0; written <= 1;
      end
      if (bvalid && bready) written <= 0;
    end
endmodule
"""
SDRAM_TEXT = """\

// An SDR SDRAM behind a register at each pin: a beat is read CAS latency and 2 clocks behind its
// command. Rows have to be opened and closed in order, the mode set before; times of data sheets
// are not checked.
// verilator lint_off WIDTH
module sdram #(parameter BITS = 16, BANKS = 2, ROWS = 13, PINS = 13, COLUMNS = 9, BEATS = 1024) (
    input clk, input ras_n, input cas_n, input we_n,
    input [BANKS-1:0] ba, input [PINS-1:0] a,
    input [BITS-1:0] dq_o, input dq_oe, output reg [BITS-1:0] dq_i);
  localparam BURST = 8, WAY = 16;
  reg [BITS-1:0] memory [0:BEATS-1];
  reg [ROWS-1:0] row [0:(1<<BANKS)-1];
  reg [(1<<BANKS)-1:0] opened = 0;
  reg [BITS-1:0] way [0:WAY-1];
  reg [BANKS-1:0] bank;
  reg moded = 0;
  integer latency = 0, left = 0, place, n;
  initial for (n = 0; n < BEATS; n = n + 1) memory[n] = 0;

  task need; input good; input [8*30-1:0] reason; begin
    if (!good) begin
      $display("FAIL: SDRAM: %0s", reason);
      $fatal(1, "the test bench failed");
    end
  end endtask

  always @(posedge clk) begin
    case ({we_n, cas_n, ras_n})
      3'b110: begin  // activate
        need(moded, "no mode was set"); need(!opened[ba], "the bank is open");
        opened[ba] = 1; row[ba] = a[ROWS-1:0];
      end
      3'b101: begin  // read
        need(opened[ba], "the bank is not open"); need(!a[10], "automatic precharge");
        bank = ba; left = BURST; place = {row[ba], ba, a[COLUMNS-1:0]};
      end
      3'b001: begin  // write
        need(opened[ba], "the bank is not open"); need(dq_oe, "a write without data");
        place = {row[ba], ba, a[COLUMNS-1:0]}; left = 0;
        if (place < BEATS) memory[place] = dq_o;
      end
      3'b010: begin  // precharge
        if (a[10]) opened = 0; else opened[ba] = 0;
        if (!opened[bank]) left = 0;
      end
      3'b100: need(opened == 0, "a refresh of open banks");
      3'b000: begin  // mode
        need(opened == 0, "a mode with open banks");
        need(a[3:0] == 3 && a[9], "bursts of 8, single writes");
        moded = 1; latency = {29'd0, a[6:4]};
      end
      3'b111: ;
      default: need(0, "a command that is none");
    endcase
    need(!dq_oe || {we_n, cas_n, ras_n} == 3'b001, "data without a write");
    dq_i <= way[0];
    for (n = 0; n < WAY - 1; n = n + 1) way[n] = way[n + 1];
    way[WAY - 1] = {BITS{1'bx}};
    if (left != 0) begin
      way[latency] = place < BEATS ? memory[place] : 0;
      place = (place & ~(BURST - 1)) | ((place + 1) & (BURST - 1));
      left = left - 1;
    end
  end
endmodule
"""
