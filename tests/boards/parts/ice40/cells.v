// Cells of an iCE40 UltraPlus, by its data sheets and the vendor's guides to memory and DSP usage.
// What a port of a memory reads while the other writes the same word is the old word here.

module block_ram #(
    parameter WRITE_MODE = 0, READ_MODE = 0, FALLING_WRITE = 0, FALLING_READ = 0,
    parameter [4095:0] CONTENTS = 0
) (
    input clk, write, read,
    input [10:0] write_address, read_address,
    input [15:0] mask, data,
    output [15:0] value
);
    // In mode m the word of 16 bits has 2**m parts, chosen by the address bits from 8 on: of every
    // group of 2**m bits one belongs to a part. Data come and go at one bit of each group.
    reg [15:0] words [0:255];
    reg [15:0] found = 0;
    integer place;
    initial for (place = 0; place < 256; place = place + 1) words[place] = CONTENTS[16 * place +: 16];

    function [3:0] pin_of(input integer mode, input [3:0] bit_);
        case (mode)
            0: pin_of = bit_;
            1: pin_of = {bit_[3:1], 1'b0};
            2: pin_of = {bit_[3:2], 2'b01};
            default: pin_of = {bit_[3], 3'b011};
        endcase
    endfunction
    function part(input integer mode, input [3:0] bit_, input [10:0] address);
        case (mode)
            0: part = 1;
            1: part = bit_[0] == address[8];
            2: part = bit_[1:0] == address[9:8];
            default: part = bit_[2:0] == address[10:8];
        endcase
    endfunction

    wire [15:0] changes, written;
    genvar n;
    generate
        for (n = 0; n < 16; n = n + 1) begin : bits
            localparam [3:0] BIT = n;
            assign changes[n] = part(WRITE_MODE, BIT, write_address) & (WRITE_MODE != 0 | ~mask[n]);
            assign written[n] = data[pin_of(WRITE_MODE, BIT)];
        end
    endgenerate
    reg [10:0] asked = 0;
    wire [15:0] changed = words[write_address[7:0]] & ~changes | written & changes;
    generate
        if (FALLING_WRITE) always @(negedge clk) if (write) words[write_address[7:0]] <= changed;
        if (!FALLING_WRITE) always @(posedge clk) if (write) words[write_address[7:0]] <= changed;
        if (FALLING_READ) always @(negedge clk) if (read) begin
            found <= words[read_address[7:0]];
            asked <= read_address;
        end
        if (!FALLING_READ) always @(posedge clk) if (read) begin
            found <= words[read_address[7:0]];
            asked <= read_address;
        end
    endgenerate
    generate
        for (n = 0; n < 16; n = n + 1) begin : pins
            localparam [3:0] BIT = n;
            localparam integer SIZE = 1 << READ_MODE, FIRST = n / SIZE * SIZE;
            if (pin_of(READ_MODE, BIT) != BIT) assign value[n] = 0;
            else if (READ_MODE == 0) assign value[n] = found[n];
            else assign value[n] = found[FIRST + (asked[10:8] & SIZE - 1)];
        end
    endgenerate
endmodule

module single_port_ram(
    input clk, wren, chipselect, standby, sleep, poweroff,
    input [13:0] address,
    input [15:0] data,
    input [3:0] mask,
    output reg [15:0] value
);
    // POWEROFF is the name of a pin that is low when the power is off.
    reg [15:0] words [0:16383];
    integer nibble;
    always @(posedge clk)
        if (chipselect & ~standby & ~sleep & poweroff) begin
            if (!wren) value <= words[address];
            for (nibble = 0; nibble < 4; nibble = nibble + 1)
                if (wren & mask[nibble]) words[address][4 * nibble +: 4] <= data[4 * nibble +: 4];
        end
endmodule

module multiplier #(
    parameter C_REG = 0, A_REG = 0, B_REG = 0, D_REG = 0,
    parameter TOP_8X8_MULT_REG = 0, BOT_8X8_MULT_REG = 0,
    parameter PIPELINE_16X16_MULT_REG1 = 0, PIPELINE_16X16_MULT_REG2 = 0,
    parameter TOPOUTPUT_SELECT = 0, TOPADDSUB_LOWERINPUT = 0, TOPADDSUB_UPPERINPUT = 0,
    parameter TOPADDSUB_CARRYSELECT = 0,
    parameter BOTOUTPUT_SELECT = 0, BOTADDSUB_LOWERINPUT = 0, BOTADDSUB_UPPERINPUT = 0,
    parameter BOTADDSUB_CARRYSELECT = 0,
    parameter MODE_8X8 = 0, A_SIGNED = 0, B_SIGNED = 0
) (
    input clk, CE, AHOLD, BHOLD, CHOLD, DHOLD, IRSTTOP, IRSTBOT, ORSTTOP, ORSTBOT,
    input OLOADTOP, OLOADBOT, ADDSUBTOP, ADDSUBBOT, OHOLDTOP, OHOLDBOT, CI,
    input [15:0] A, B, C, D,
    output [31:0] O,
    output CO
);
    reg [15:0] kept_a = 0, kept_b = 0, kept_c = 0, kept_d = 0;
    always @(posedge clk or posedge IRSTTOP)
        if (IRSTTOP) {kept_a, kept_c} <= 0;
        else if (CE) begin
            if (!AHOLD) kept_a <= A;
            if (!CHOLD) kept_c <= C;
        end
    always @(posedge clk or posedge IRSTBOT)
        if (IRSTBOT) {kept_b, kept_d} <= 0;
        else if (CE) begin
            if (!BHOLD) kept_b <= B;
            if (!DHOLD) kept_d <= D;
        end
    wire [15:0] a = A_REG ? kept_a : A, b = B_REG ? kept_b : B;
    wire [15:0] c = C_REG ? kept_c : C, d = D_REG ? kept_d : D;

    // Four products of bytes; a low byte has a sign only where it is a factor by itself.
    wire signed [8:0] a_high = {A_SIGNED & a[15], a[15:8]}, b_high = {B_SIGNED & b[15], b[15:8]};
    wire signed [8:0] a_low = {MODE_8X8 & A_SIGNED & a[7], a[7:0]};
    wire signed [8:0] b_low = {MODE_8X8 & B_SIGNED & b[7], b[7:0]};
    wire signed [17:0] top_now = a_high * b_high, bottom_now = a_low * b_low;
    wire signed [17:0] first_now = a_low * b_high, second_now = a_high * b_low;
    reg signed [17:0] kept_top = 0, kept_bottom = 0, kept_first = 0, kept_second = 0;
    reg [31:0] kept_product = 0;
    wire signed [17:0] top = TOP_8X8_MULT_REG ? kept_top : top_now;
    wire signed [17:0] bottom = BOT_8X8_MULT_REG ? kept_bottom : bottom_now;
    wire signed [17:0] first = PIPELINE_16X16_MULT_REG1 ? kept_first : first_now;
    wire signed [17:0] second = PIPELINE_16X16_MULT_REG1 ? kept_second : second_now;
    wire signed [31:0] middle = first + second;
    wire [31:0] product_now = {top[15:0], 16'd0} + (middle <<< 8) + bottom[15:0];
    wire [31:0] product = PIPELINE_16X16_MULT_REG2 ? kept_product : product_now;
    always @(posedge clk or posedge IRSTTOP)
        if (IRSTTOP) {kept_top, kept_first} <= 0;
        else if (CE) {kept_top, kept_first} <= {top_now, first_now};
    always @(posedge clk or posedge IRSTBOT)
        if (IRSTBOT) {kept_bottom, kept_second, kept_product} <= 0;
        else if (CE) {kept_bottom, kept_second, kept_product} <= {bottom_now, second_now, product_now};

    // Two adders of 16 bits, each with a register behind it.
    reg [15:0] kept_high = 0, kept_low = 0;
    wire [15:0] low_operand = BOTADDSUB_LOWERINPUT == 0 ? b : BOTADDSUB_LOWERINPUT == 1 ? bottom[15:0]
        : BOTADDSUB_LOWERINPUT == 2 ? product[15:0] : 16'd0;
    wire [15:0] low_other = (BOTADDSUB_UPPERINPUT ? d : kept_low) ^ {16{ADDSUBBOT}};
    wire low_in = BOTADDSUB_CARRYSELECT == 1 | (BOTADDSUB_CARRYSELECT == 3 & CI);
    wire [16:0] low_sum = low_operand + low_other + low_in;
    wire [15:0] low = OLOADBOT ? d : low_sum[15:0] ^ {16{ADDSUBBOT}};
    wire [15:0] high_operand = TOPADDSUB_LOWERINPUT == 0 ? a : TOPADDSUB_LOWERINPUT == 1 ? top[15:0]
        : TOPADDSUB_LOWERINPUT == 2 ? product[31:16] : {16{low_operand[15]}};
    wire [15:0] high_other = (TOPADDSUB_UPPERINPUT ? c : kept_high) ^ {16{ADDSUBTOP}};
    wire high_in = TOPADDSUB_CARRYSELECT == 1 | (TOPADDSUB_CARRYSELECT == 2 & low_sum[16])
        | (TOPADDSUB_CARRYSELECT == 3 & (low_sum[16] ^ ADDSUBBOT));
    wire [16:0] high_sum = high_operand + high_other + high_in;
    wire [15:0] high = OLOADTOP ? c : high_sum[15:0] ^ {16{ADDSUBTOP}};
    always @(posedge clk or posedge ORSTTOP)
        if (ORSTTOP) kept_high <= 0;
        else if (CE & !OHOLDTOP) kept_high <= high;
    always @(posedge clk or posedge ORSTBOT)
        if (ORSTBOT) kept_low <= 0;
        else if (CE & !OHOLDBOT) kept_low <= low;
    assign O[31:16] = TOPOUTPUT_SELECT == 0 ? high : TOPOUTPUT_SELECT == 1 ? kept_high
        : TOPOUTPUT_SELECT == 2 ? top[15:0] : product[31:16];
    assign O[15:0] = BOTOUTPUT_SELECT == 0 ? low : BOTOUTPUT_SELECT == 1 ? kept_low
        : BOTOUTPUT_SELECT == 2 ? bottom[15:0] : product[15:0];
    assign CO = high_sum[16] ^ ADDSUBTOP;
endmodule
