# Board files, and what every block design has: the accelerator and its reset.
set board_parts [get_board_parts -quiet -latest_file_version "*:$board_files:*"]
if {![llength $board_parts]} {
  refuse "this Vivado has no board files $board_files: install them from $board_files_from"
}
set_property board_part [lindex $board_parts end] [current_project]
update_compile_order -fileset sources_1

proc newest {name} {
  return [get_property VLNV [lindex [get_ipdefs "xilinx.com:ip:$name:*"] end]]
}
proc cell {kind name args} {
  set made [create_bd_cell -type ip -vlnv [newest $kind] $name]
  if {[llength $args]} {set_property -dict $args $made}
  return $made
}
proc wire {source args} {
  foreach sink $args {connect_bd_net [get_bd_pins $source] [get_bd_pins $sink]}
}
proc bus {master slave} {
  connect_bd_intf_net [get_bd_intf_pins $master] [get_bd_intf_pins $slave]
}

create_bd_design board
create_bd_cell -type module -reference $module accelerator
cell proc_sys_reset reset
wire reset/peripheral_aresetn accelerator/resetn
if {$module eq "sterna_board"} {
  connect_bd_net [create_bd_port -dir I rx] [get_bd_pins accelerator/rx]
  connect_bd_net [create_bd_port -dir O tx] [get_bd_pins accelerator/tx]
}

# A port of the accelerator to a memory with a clock of its own.
proc cross {port slave clock} {
  cell smartconnect cross_$port CONFIG.NUM_SI 1 CONFIG.NUM_MI 1 CONFIG.NUM_CLKS 2
  bus accelerator/m_axi_$port cross_$port/S00_AXI
  bus cross_$port/M00_AXI $slave
  wire $::clock cross_$port/aclk
  wire $clock cross_$port/aclk1
  wire reset/peripheral_aresetn cross_$port/aresetn
}
