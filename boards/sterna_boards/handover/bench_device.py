"""What a test bench has between its bytes and what it tests: the core, or a bus."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sterna_hw.board.bus import CORE

from sterna_boards.flows.export import ACCELERATOR
from sterna_boards.handover.core import Core


@dataclass(frozen=True)
class Device:
    """Verilog of the instance, modules that it needs, and the files that are compiled with it.

    The instance joins ``in_payload``, ``in_valid``, ``in_ready`` and ``out_payload``,
    ``out_valid``, ``out_ready``, streams in step with ``clk``, to what is tested.
    """

    instance: str
    files: tuple[str, ...]
    modules: str = ""


def device_of(core: Core, memories: Sequence[str]) -> Device:
    """The device, to which ``memories`` are connections of memories outside."""
    return (_plain(memories) if core.wrapper is None
            else _WRAPPED[core.wrapper](core, memories))


def _instance(module: str, ports: Mapping[str, str], more: Sequence[str]) -> str:
    items = [f".{name}({wire})" for name, wire in ports.items()]
    return f"  {module} dut (\n    " + ",\n    ".join([*items, *more]) + ");\n"


_BYTES = ("payload", "valid", "ready")


def _plain(memories: Sequence[str]) -> Device:
    streams = {f"link_{way}__{name}": f"{way}_{name}" for way in ("in", "out") for name in _BYTES}
    return Device(_instance(CORE, {"clk": "clk", "rst": "rst", **streams}, memories),
                  (ACCELERATOR,))


_RESET = {"aclk": "clk", "aresetn": "!rst"}


def _axi_stream(core: Core, memories: Sequence[str]) -> Device:
    names = dict(zip(("tdata", "tvalid", "tready"), _BYTES, strict=True))
    streams = {f"{port}_axis_{name}": f"{way}_{own}" for port, way in (("s", "in"), ("m", "out"))
               for name, own in names.items()}
    text = "  wire last;\n" + _instance(
        core.top, {**_RESET, **streams, "m_axis_tlast": "last"}, memories)
    return Device(text + _LAST, (f"{core.top}.v", ACCELERATOR))


_LAST = """\
  always @(posedge clk)
    if (out_valid && out_ready && last != ends) begin
      $display("FAIL: TLAST in the middle of an answer, or none at its end");
      $fatal(1, "the test bench failed");
    end
"""


def _axi_lite(core: Core, memories: Sequence[str]) -> Device:
    wires = [f"  wire {f'[{width - 1}:0] ' if width > 1 else ''}axi_{name};\n"
             for name, width in _LITE.items()]
    bus = {f"s_axi_{name}": f"axi_{name}" for name in _LITE}
    more = {"s_axi_awprot": "3'b000", "s_axi_arprot": "3'b000", "s_axi_bresp": "",
            "s_axi_rresp": "", "irq": ""}
    host = ", ".join(f".{name}(axi_{name})" for name in _LITE)
    streams = ", ".join(f".{way}_{name}({way}_{name})" for way in ("in", "out") for name in _BYTES)
    return Device(
        "".join(wires) + _instance(core.top, {**_RESET, **bus, **more}, memories)
        + f"  axi_lite_host host (\n    .clk(clk), .rst(rst), {streams},\n    {host});\n",
        (f"{core.top}.v", ACCELERATOR), _LITE_HOST)


_LITE = {"awaddr": 5, "awvalid": 1, "awready": 1, "wdata": 32, "wstrb": 4, "wvalid": 1,
         "wready": 1, "bvalid": 1, "bready": 1, "araddr": 5, "arvalid": 1, "arready": 1,
         "rdata": 32, "rvalid": 1, "rready": 1}
_LITE_HOST = """\

// Bytes through the register DATA: a write for each that goes, else a read.
module axi_lite_host (
    input clk, input rst,
    input [7:0] in_payload, input in_valid, output in_ready,
    output reg [7:0] out_payload, output reg out_valid, input out_ready,
    output [4:0] awaddr, output reg awvalid, input awready,
    output [31:0] wdata, output [3:0] wstrb, output reg wvalid, input wready,
    input bvalid, output bready,
    output [4:0] araddr, output reg arvalid, input arready,
    input [31:0] rdata, input rvalid, output rready);
  reg [7:0] sent;
  reg writing, reading;
  assign awaddr = 0, araddr = 0, wstrb = 4'b0001, bready = 1, rready = 1;
  assign wdata = {24'd0, sent};
  assign in_ready = !writing && !reading;

  always @(posedge clk)
    if (rst) begin
      awvalid <= 0; wvalid <= 0; arvalid <= 0; writing <= 0; reading <= 0; out_valid <= 0;
    end else begin
      if (awready) awvalid <= 0;
      if (wready) wvalid <= 0;
      if (arready) arvalid <= 0;
      if (in_valid && in_ready) begin
        sent <= in_payload; awvalid <= 1; wvalid <= 1; writing <= 1;
      end else if (in_ready && !out_valid) begin
        arvalid <= 1; reading <= 1;
      end
      if (writing && bvalid) writing <= 0;
      if (reading && rvalid) begin
        reading <= 0; out_valid <= rdata[8]; out_payload <= rdata[7:0];
      end
      if (out_valid && out_ready) out_valid <= 0;
    end
endmodule
"""
_WRAPPED: Mapping[str, Callable[[Core, Sequence[str]], Device]] = {
    "axi4-lite": _axi_lite, "axi4-stream": _axi_stream}
