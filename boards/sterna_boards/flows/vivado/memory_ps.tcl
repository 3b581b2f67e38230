# The processing system: its DDR4 behind the high performance ports, its clock for the accelerator.
set clock ps/pl_clk0
cell zynq_ultra_ps_e ps
apply_bd_automation -rule xilinx.com:bd_rule:zynq_ultra_ps_e \
  -config {apply_board_preset "1"} [get_bd_cells ps]
set settings [list CONFIG.PSU__USE__M_AXI_GP0 0 CONFIG.PSU__USE__M_AXI_GP1 0 \
  CONFIG.PSU__USE__M_AXI_GP2 0 CONFIG.PSU__FPGA_PL0_ENABLE 1 \
  CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ $clock_mhz]
for {set port 0} {$port < $memory_ports} {incr port} {
  # Slave ports 2 to 5 of the processing system are its high performance ports 0 to 3.
  set slave [expr {$port + 2}]
  lappend settings CONFIG.PSU__USE__S_AXI_GP$slave 1 CONFIG.PSU__SAXIGP${slave}__DATA_WIDTH 128
}
set_property -dict $settings [get_bd_cells ps]
wire $clock accelerator/clk reset/slowest_sync_clk
wire ps/pl_resetn0 reset/ext_reset_in
for {set port 0} {$port < $memory_ports} {incr port} {
  bus accelerator/m_axi_$port ps/S_AXI_HP${port}_FPD
  wire $clock ps/saxihp${port}_fpd_aclk
  assign_bd_address -offset $memory_offset -range 2G \
    -target_address_space [get_bd_addr_spaces accelerator/m_axi_$port] \
    [get_bd_addr_segs ps/SAXIGP[expr {$port + 2}]/HP${port}_$memory_segment]
}
