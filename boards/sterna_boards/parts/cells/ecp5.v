// Block RAM and multiplier of the ECP5, to simulate netlists with: yosys has no models of them.
// What they do is in Lattice's FPGA-TN-02204 (memory) and FPGA-TN-02205 (multiplier).

// 1,024 words of 18 bits with two ports of 1, 2, 4, 9, 18 or 36 bits, one of which may write what
// the other reads. Narrow ports see the part of a word that the low address bits name; a port of 36
// bits sees two words. Byte enables of wide ports are their lowest address bits. A word that the
// other port writes in the same clock is unknown in the part: here it is read inverted, so that who
// looks at it fails.
module ecp5_block_ram_port #(
    parameter WIDTH = 18, WRITE_MODE = "NORMAL", OUTPUT_REGISTER = "NOREG"
) (
    input clk, enable, output_enable, write, reset,
    input [13:0] address, input [35:0] data, pair, other_written,
    output [35:0] written, merged, output [35:0] q
);
    wire [5:0] lowest = WIDTH == 36 ? 0 : (address[4] ? 18 : 0)
        + (WIDTH < 18 && address[3] ? 9 : 0)
        + (WIDTH < 9 ? address[2:0] & ~(WIDTH - 1) : 0);
    wire [35:0] seen = WIDTH == 36 ? {36{1'b1}} : (36'd1 << WIDTH) - 36'd1;
    wire [35:0] bytes = WIDTH < 18 ? seen : seen
        & {{9{address[3]}}, {9{address[2]}}, {9{address[1]}}, {9{address[0]}}};
    assign written = enable && write ? bytes << lowest : 0;
    assign merged = (pair & ~written) | ((data << lowest) & written);

    wire [35:0] read = WRITE_MODE == "WRITETHROUGH" ? merged : pair ^ other_written;
    reg [35:0] word = 0, kept = 0;
    always @(posedge clk) begin
        if (reset) word <= 0;
        else if (enable && !(write && WRITE_MODE == "NORMAL")) word <= (read >> lowest) & seen;
        if (reset) kept <= 0;
        else if (enable && output_enable) kept <= word;
    end
    assign q = OUTPUT_REGISTER == "OUTREG" ? kept : word;
endmodule

module DP16KD (
    input DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5,
        DIA4, DIA3, DIA2, DIA1, DIA0,
    input ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
    input CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
    output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5,
        DOA4, DOA3, DOA2, DOA1, DOA0,
    input DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5,
        DIB4, DIB3, DIB2, DIB1, DIB0,
    input ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
    input CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
    output DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5,
        DOB4, DOB3, DOB2, DOB1, DOB0
);
    parameter DATA_WIDTH_A = 18, DATA_WIDTH_B = 18;
    parameter REGMODE_A = "NOREG", REGMODE_B = "NOREG";
    parameter WRITEMODE_A = "NORMAL", WRITEMODE_B = "NORMAL";
    parameter CLKAMUX = "CLKA", CLKBMUX = "CLKB";
    parameter CSDECODE_A = "0b000", CSDECODE_B = "0b000";
    parameter RESETMODE = "SYNC", ASYNC_RESET_RELEASE = "SYNC", GSR = "AUTO";
    parameter [319:0] INITVAL_00 = 0, INITVAL_01 = 0, INITVAL_02 = 0, INITVAL_03 = 0;
    parameter [319:0] INITVAL_04 = 0, INITVAL_05 = 0, INITVAL_06 = 0, INITVAL_07 = 0;
    parameter [319:0] INITVAL_08 = 0, INITVAL_09 = 0, INITVAL_0A = 0, INITVAL_0B = 0;
    parameter [319:0] INITVAL_0C = 0, INITVAL_0D = 0, INITVAL_0E = 0, INITVAL_0F = 0;
    parameter [319:0] INITVAL_10 = 0, INITVAL_11 = 0, INITVAL_12 = 0, INITVAL_13 = 0;
    parameter [319:0] INITVAL_14 = 0, INITVAL_15 = 0, INITVAL_16 = 0, INITVAL_17 = 0;
    parameter [319:0] INITVAL_18 = 0, INITVAL_19 = 0, INITVAL_1A = 0, INITVAL_1B = 0;
    parameter [319:0] INITVAL_1C = 0, INITVAL_1D = 0, INITVAL_1E = 0, INITVAL_1F = 0;
    parameter [319:0] INITVAL_20 = 0, INITVAL_21 = 0, INITVAL_22 = 0, INITVAL_23 = 0;
    parameter [319:0] INITVAL_24 = 0, INITVAL_25 = 0, INITVAL_26 = 0, INITVAL_27 = 0;
    parameter [319:0] INITVAL_28 = 0, INITVAL_29 = 0, INITVAL_2A = 0, INITVAL_2B = 0;
    parameter [319:0] INITVAL_2C = 0, INITVAL_2D = 0, INITVAL_2E = 0, INITVAL_2F = 0;
    parameter [319:0] INITVAL_30 = 0, INITVAL_31 = 0, INITVAL_32 = 0, INITVAL_33 = 0;
    parameter [319:0] INITVAL_34 = 0, INITVAL_35 = 0, INITVAL_36 = 0, INITVAL_37 = 0;
    parameter [319:0] INITVAL_38 = 0, INITVAL_39 = 0, INITVAL_3A = 0, INITVAL_3B = 0;
    parameter [319:0] INITVAL_3C = 0, INITVAL_3D = 0, INITVAL_3E = 0, INITVAL_3F = 0;
    localparam [64 * 320 - 1:0] INITIAL = {
        INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A,
        INITVAL_39, INITVAL_38, INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34,
        INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30, INITVAL_2F, INITVAL_2E,
        INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28,
        INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24, INITVAL_23, INITVAL_22,
        INITVAL_21, INITVAL_20, INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C,
        INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18, INITVAL_17, INITVAL_16,
        INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10,
        INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A,
        INITVAL_09, INITVAL_08, INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04,
        INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00
    };

    wire [17:0] data_a = {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7,
        DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0};
    wire [13:0] address_a = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3,
        ADA2, ADA1, ADA0};
    wire selected_a = CEA && {CSA2, CSA1, CSA0} == 0;
    wire [17:0] data_b = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7,
        DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0};
    wire [13:0] address_b = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3,
        ADB2, ADB1, ADB0};
    wire selected_b = CEB && {CSB2, CSB1, CSB0} == 0;

    reg [17:0] words [0:1023];
    integer index;
    initial
        for (index = 0; index < 1024; index = index + 1) words[index] = INITIAL[index * 20 +: 18];

    wire same = address_a[13:5] == address_b[13:5];
    wire [35:0] written_a, merged_a, q_a;
    ecp5_block_ram_port #(
        .WIDTH(DATA_WIDTH_A), .WRITE_MODE(WRITEMODE_A), .OUTPUT_REGISTER(REGMODE_A)
    ) port_a (
        .clk(CLKA ^ (CLKAMUX == "INV")), .enable(selected_a), .output_enable(OCEA),
        .write(WEA), .reset(RSTA), .address(address_a), .data({data_b, data_a}),
        .pair({words[{address_a[13:5], 1'b1}], words[{address_a[13:5], 1'b0}]}),
        .other_written(same ? written_b : 36'b0),
        .written(written_a), .merged(merged_a), .q(q_a));
    wire [35:0] written_b, merged_b, q_b;
    ecp5_block_ram_port #(
        .WIDTH(DATA_WIDTH_B), .WRITE_MODE(WRITEMODE_B), .OUTPUT_REGISTER(REGMODE_B)
    ) port_b (
        .clk(CLKB ^ (CLKBMUX == "INV")), .enable(selected_b), .output_enable(OCEB),
        .write(WEB), .reset(RSTB), .address(address_b), .data({18'b0, data_b}),
        .pair({words[{address_b[13:5], 1'b1}], words[{address_b[13:5], 1'b0}]}),
        .other_written(same ? written_a : 36'b0),
        .written(written_b), .merged(merged_b), .q(q_b));
    always @(posedge port_a.clk) begin
        if (written_a[17:0] != 0) words[{address_a[13:5], 1'b0}] <= merged_a[17:0];
        if (written_a[35:18] != 0) words[{address_a[13:5], 1'b1}] <= merged_a[35:18];
    end
    always @(posedge port_b.clk) begin
        if (written_b[17:0] != 0) words[{address_b[13:5], 1'b0}] <= merged_b[17:0];
        if (written_b[35:18] != 0) words[{address_b[13:5], 1'b1}] <= merged_b[35:18];
    end
    // A word of 36 bits is read through the outputs of both ports.
    assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5,
        DOA4, DOA3, DOA2, DOA1, DOA0} = DATA_WIDTH_B == 36 ? q_b[17:0] : q_a[17:0];
    assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5,
        DOB4, DOB3, DOB2, DOB1, DOB0} = DATA_WIDTH_B == 36 ? q_b[35:18] : q_b[17:0];
endmodule

// A product of 18 by 18 bits, either of them signed, with a register before and behind if wanted.
module MULT18X18D (
    input A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0,
    input B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0,
    input C17, C16, C15, C14, C13, C12, C11, C10, C9, C8, C7, C6, C5, C4, C3, C2, C1, C0,
    input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB, CLK0, CE0, RST0,
    output P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18,
        P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
);
    parameter REG_INPUTA_CLK = "NONE", REG_INPUTA_CE = "CE0", REG_INPUTA_RST = "RST0";
    parameter REG_INPUTB_CLK = "NONE", REG_INPUTB_CE = "CE0", REG_INPUTB_RST = "RST0";
    parameter REG_OUTPUT_CLK = "NONE", REG_OUTPUT_CE = "CE0", REG_OUTPUT_RST = "RST0";
    parameter RESETMODE = "SYNC", GSR = "AUTO";

    wire [17:0] pins_a = {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2,
        A1, A0};
    wire [17:0] pins_b = {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2,
        B1, B0};
    reg [17:0] kept_a = 0, kept_b = 0;
    wire [17:0] a = REG_INPUTA_CLK == "NONE" ? pins_a : kept_a;
    wire [17:0] b = REG_INPUTB_CLK == "NONE" ? pins_b : kept_b;
    wire [35:0] product = {{18{SIGNEDA & a[17]}}, a} * {{18{SIGNEDB & b[17]}}, b};
    reg [35:0] kept_product = 0;
    always @(posedge CLK0)
        if (RST0) begin
            kept_a <= 0;
            kept_b <= 0;
            kept_product <= 0;
        end else if (CE0) begin
            kept_a <= pins_a;
            kept_b <= pins_b;
            kept_product <= product;
        end
    assign {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19,
        P18, P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0} =
        REG_OUTPUT_CLK == "NONE" ? product : kept_product;
endmodule
