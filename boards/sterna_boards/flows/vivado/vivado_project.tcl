if {[info commands create_project] eq ""} {
  refuse "run this with Vivado: vivado -mode batch -source build.tcl"
}
if {![llength [get_parts -quiet $part]]} {
  refuse "this Vivado does not have $part: install the device with its installer"
}
create_project -force sterna project -part $part
set_property target_language Verilog [current_project]
add_files -norecurse $sources
add_files -fileset constrs_1 -norecurse $constraints
set_property verilog_define SYNTHESIS=1 [get_filesets sources_1]
