# One DDR4 controller for each port; the accelerator's clock is made from that of the first one.
set clock clocks/clk_out1
cell xlconstant never CONFIG.CONST_WIDTH 1 CONFIG.CONST_VAL 0
cell xlconcat calibrated CONFIG.NUM_PORTS $memory_ports
cell util_reduced_logic all_calibrated CONFIG.C_OPERATION and CONFIG.C_SIZE $memory_ports
for {set port 0} {$port < $memory_ports} {incr port} {
  cell ddr4 ddr4_$port CONFIG.C0_CLOCK_BOARD_INTERFACE default_300mhz_clk$port \
    CONFIG.C0_DDR4_BOARD_INTERFACE ddr4_sdram_c$port
  connect_bd_intf_net [create_bd_intf_port -mode Slave \
    -vlnv xilinx.com:interface:diff_clock_rtl:1.0 default_300mhz_clk$port] \
    [get_bd_intf_pins ddr4_$port/C0_SYS_CLK]
  set_property CONFIG.FREQ_HZ 300000000 [get_bd_intf_ports default_300mhz_clk$port]
  connect_bd_intf_net [create_bd_intf_port -mode Master \
    -vlnv xilinx.com:interface:ddr4_rtl:1.0 ddr4_sdram_c$port] \
    [get_bd_intf_pins ddr4_$port/C0_DDR4]
  cell proc_sys_reset reset_$port
  wire never/dout ddr4_$port/sys_rst
  wire ddr4_$port/c0_ddr4_ui_clk reset_$port/slowest_sync_clk
  wire ddr4_$port/c0_ddr4_ui_clk_sync_rst reset_$port/ext_reset_in
  wire reset_$port/peripheral_aresetn ddr4_$port/c0_ddr4_aresetn
  wire ddr4_$port/c0_init_calib_complete calibrated/In$port
}
cell clk_wiz clocks CONFIG.PRIM_SOURCE No_buffer CONFIG.PRIM_IN_FREQ 300 \
  CONFIG.CLKOUT1_REQUESTED_OUT_FREQ $clock_mhz CONFIG.USE_RESET false
wire ddr4_0/c0_ddr4_ui_clk clocks/clk_in1
wire calibrated/dout all_calibrated/Op1
wire clocks/locked reset/dcm_locked
wire all_calibrated/Res reset/ext_reset_in
wire $clock accelerator/clk reset/slowest_sync_clk
for {set port 0} {$port < $memory_ports} {incr port} {
  cross $port ddr4_$port/C0_DDR4_S_AXI ddr4_$port/c0_ddr4_ui_clk
  assign_bd_address -offset 0x0 -range 4G \
    -target_address_space [get_bd_addr_spaces accelerator/m_axi_$port] \
    [get_bd_addr_segs ddr4_$port/C0_DDR4_MEMORY_MAP/C0_DDR4_ADDRESS_BLOCK]
}
# High would keep the memories in reset.
connect_bd_net [create_bd_port -dir O ddr4_reset_gate] [get_bd_pins never/dout]
