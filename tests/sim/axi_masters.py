"""Verilog of an AXI4 master that does what is forbidden, with the ports of an accelerator."""

from __future__ import annotations

from collections.abc import Sequence


def master(forbidden: Sequence[str]) -> str:
    """A master of one port of 32 bits, whose read and write are right but for the assignments.

    `forbidden` is Verilog for registers of the port. The first byte of the link says which of them
    is carried out in every clock, after everything else; ``clocks`` counts the clocks since then.
    """
    cases = "\n".join(f"      {number}: begin {text} end"
                      for number, text in enumerate(forbidden))
    outputs = "\n".join(
        f"  output reg [{width - 1}:0] m_axi_0_{name} = {value},"
        for name, width, value in (
            ("araddr", 32, 0), ("arlen", 8, 3), ("arsize", 3, 2), ("arburst", 2, 1),
            ("arcache", 4, 3), ("arprot", 3, 0), ("arvalid", 1, 0), ("rready", 1, 1),
            ("awaddr", 32, 0), ("awlen", 8, 0), ("awsize", 3, 2), ("awburst", 2, 1),
            ("awcache", 4, 3), ("awprot", 3, 0), ("awvalid", 1, 0),
            ("wdata", 32, 7), ("wstrb", 4, 1), ("wlast", 1, 1), ("wvalid", 1, 0),
            ("bready", 1, 1)))
    return f"""\
module sterna(
  input clk, input rst,
  input [7:0] link_in__payload, input link_in__valid, output link_in__ready,
  output [7:0] link_out__payload, output link_out__valid, input link_out__ready,
{outputs}
  input m_axi_0_arready, input [31:0] m_axi_0_rdata, input [1:0] m_axi_0_rresp,
  input m_axi_0_rlast, input m_axi_0_rvalid, input m_axi_0_awready, input m_axi_0_wready,
  input [1:0] m_axi_0_bresp, input m_axi_0_bvalid);
  assign link_in__ready = 1;
  assign link_out__valid = 0;
  assign link_out__payload = 0;
  reg started = 0;
  reg [7:0] clocks = 0, chosen = 0;
  always @(posedge clk) if (link_in__valid) begin
    started <= 1;
    chosen <= link_in__payload;
  end
  always @(posedge clk) if (started) begin
    clocks <= clocks + 1;
    if (clocks == 9) begin
      m_axi_0_arvalid <= 1; m_axi_0_awvalid <= 1; m_axi_0_wvalid <= 1;
    end else begin
      if (m_axi_0_arready) m_axi_0_arvalid <= 0;
      if (m_axi_0_awready) m_axi_0_awvalid <= 0;
      if (m_axi_0_wready) m_axi_0_wvalid <= 0;
    end
    case (chosen)
{cases}
    endcase
  end
endmodule
"""
