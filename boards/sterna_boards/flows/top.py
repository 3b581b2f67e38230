"""The Verilog between the accelerator and the pins, for the parts that need no vendor's IP."""

from __future__ import annotations

from sterna_boards.parts.xilinx_mmcm import find_mmcm

_TOP = """\
// Clock, reset and pins around the accelerator, {clock_mhz:g} MHz from {pin_mhz:g} MHz.
module top (
    input wire clk_pin,
    input wire reset_n,
    input wire rx,
    output wire tx
);
  wire feedback, made, clk, locked;

  MMCME2_BASE #(
      .CLKIN1_PERIOD({period:.3f}),
      .DIVCLK_DIVIDE({divide}),
      .CLKFBOUT_MULT_F({multiply:.3f}),
      .CLKOUT0_DIVIDE_F({output_divide:.3f})
  ) clock_manager (
      .CLKIN1(clk_pin),
      .CLKFBIN(feedback),
      .CLKFBOUT(feedback),
      .CLKOUT0(made),
      .LOCKED(locked),
      .PWRDWN(1'b0),
      .RST(1'b0)
  );

  BUFG clock_buffer (.I(made), .O(clk));

  // The reset begins at once and ends in step with the clock.
  (* ASYNC_REG = "TRUE" *) reg [3:0] reset = 4'hf;
  wire running = locked & reset_n;
  always @(posedge clk or negedge running)
    if (!running) reset <= 4'hf;
    else reset <= {{reset[2:0], 1'b0}};

  sterna accelerator (
      .clk(clk),
      .rst(reset[3]),
      .rx(rx),
      .tx(tx)
  );
endmodule
"""


_STRATIX_10_TOP = """\
// Clock, reset and pins around the accelerator, for a Stratix 10.
module top (
    input wire clk_pin,
    input wire rx,
    output wire tx
);
  wire configuring;
  reset_release release_cell (.ninit_done(configuring));

  // The reset begins at once and ends in step with the clock.
  reg [3:0] reset = 4'hf;
  always @(posedge clk_pin or posedge configuring)
    if (configuring) reset <= 4'hf;
    else reset <= {reset[2:0], 1'b0};

  sterna accelerator (
      .clk(clk_pin),
      .rst(reset[3]),
      .rx(rx),
      .tx(tx)
  );
endmodule
"""


def stratix_10_top() -> str:
    """Verilog of module ``top`` for a Stratix 10, whose clock is that of the pin.

    Ports: ``clk_pin``, ``rx``, ``tx``. Module ``reset_release`` is made by the build script.
    """
    return _STRATIX_10_TOP


def series_7_top(pin_hz: float, clock_hz: float) -> tuple[str, float]:
    """Verilog of module ``top`` for a 7-series part, and the clock that it makes in hertz.

    Ports: ``clk_pin``, ``reset_n`` (a button, pressed low), ``rx``, ``tx``. Raises `InputError`
    when the clock cannot be made.
    """
    settings = find_mmcm(pin_hz, clock_hz)
    text = _TOP.format(
        clock_mhz=settings.output_hz / 1e6, pin_mhz=pin_hz / 1e6, period=1e9 / pin_hz,
        divide=settings.divide, multiply=settings.multiply,
        output_divide=settings.output_divide)
    return text, settings.output_hz
