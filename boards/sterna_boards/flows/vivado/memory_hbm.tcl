# HBM: one pseudo-channel for each port, without the switch between them.
set clock clocks/clk_out1
cell clk_wiz clocks CONFIG.PRIM_SOURCE Differential_clock_capable_pin \
  CONFIG.CLK_IN1_BOARD_INTERFACE sysclk0 CONFIG.USE_BOARD_FLOW true CONFIG.USE_RESET false \
  CONFIG.CLKOUT1_REQUESTED_OUT_FREQ $clock_mhz \
  CONFIG.CLKOUT2_USED true CONFIG.CLKOUT2_REQUESTED_OUT_FREQ 450 \
  CONFIG.CLKOUT3_USED true CONFIG.CLKOUT3_REQUESTED_OUT_FREQ 100
connect_bd_intf_net [create_bd_intf_port -mode Slave \
  -vlnv xilinx.com:interface:diff_clock_rtl:1.0 sysclk0] [get_bd_intf_pins clocks/CLK_IN1_D]
set_property CONFIG.FREQ_HZ 100000000 [get_bd_intf_ports sysclk0]
cell hbm hbm CONFIG.USER_HBM_DENSITY 8GB CONFIG.USER_APB_EN false \
  CONFIG.USER_SWITCH_ENABLE_00 FALSE CONFIG.USER_SWITCH_ENABLE_01 FALSE \
  CONFIG.USER_AXI_INPUT_CLK_FREQ 450 CONFIG.USER_XSDB_INTF_EN FALSE
cell proc_sys_reset reset_memory
cell proc_sys_reset reset_control
cell util_vector_logic ready CONFIG.C_OPERATION and CONFIG.C_SIZE 1
cell util_vector_logic too_hot CONFIG.C_OPERATION or CONFIG.C_SIZE 1
wire clocks/clk_out2 reset_memory/slowest_sync_clk
wire clocks/clk_out3 reset_control/slowest_sync_clk hbm/HBM_REF_CLK_0 hbm/HBM_REF_CLK_1 \
  hbm/APB_0_PCLK hbm/APB_1_PCLK
wire clocks/locked reset/dcm_locked reset_memory/dcm_locked reset_control/dcm_locked \
  reset_memory/ext_reset_in reset_control/ext_reset_in
wire reset_control/peripheral_aresetn hbm/APB_0_PRESET_N hbm/APB_1_PRESET_N
wire hbm/apb_complete_0 ready/Op1
wire hbm/apb_complete_1 ready/Op2
wire ready/Res reset/ext_reset_in
wire $clock accelerator/clk reset/slowest_sync_clk
for {set port 0} {$port < $memory_ports} {incr port} {
  set channel [format %02d $port]
  wire clocks/clk_out2 hbm/AXI_${channel}_ACLK
  wire reset_memory/peripheral_aresetn hbm/AXI_${channel}_ARESET_N
  cross $port hbm/SAXI_$channel clocks/clk_out2
  assign_bd_address -offset [format 0x%x [expr {$port * $port_bytes}]] -range 256M \
    -target_address_space [get_bd_addr_spaces accelerator/m_axi_$port] \
    [get_bd_addr_segs hbm/SAXI_$channel/HBM_MEM$channel]
}
# The card switches itself off when this pin is high, or open.
wire hbm/DRAM_0_STAT_CATTRIP too_hot/Op1
wire hbm/DRAM_1_STAT_CATTRIP too_hot/Op2
connect_bd_net [create_bd_port -dir O hbm_cattrip] [get_bd_pins too_hot/Res]
