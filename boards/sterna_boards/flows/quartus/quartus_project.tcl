if {[info commands load_package] eq ""} {
  refuse "run this with Quartus Prime Pro: quartus_sh -t build.tcl"
}
load_package flow

# The device tells through this cell when all of it is configured.
set deploy [file join $::quartus(quartus_rootpath) .. qsys bin ip-deploy]
exec $deploy --component-name=altera_s10_user_rst_clkgate --output-name=reset_release \
  "--family=Stratix 10" --part=$part

project_new sterna -overwrite
set_global_assignment -name FAMILY "Stratix 10"
set_global_assignment -name DEVICE $part
set_global_assignment -name TOP_LEVEL_ENTITY $top
set_global_assignment -name VERILOG_MACRO "SYNTHESIS=1"
foreach file $sources {set_global_assignment -name VERILOG_FILE $file}
set_global_assignment -name IP_FILE reset_release.ip
set_global_assignment -name SDC_FILE $timing
source $constraints
export_assignments
execute_flow -compile

set file [open [lindex [glob *.sta.summary output_files/*.sta.summary] 0]]
set worst {}
foreach {line slack} [regexp -all -inline {Slack\s*:\s*(-?[0-9.]+)} [read $file]] {
  if {$worst eq {} || $slack < $worst} {set worst $slack}
}
close $file
file copy -force [lindex [glob *.sof output_files/*.sof] 0] result.sof
file rename -force result.sof sterna.sof
project_close
if {$worst < 0} {
  puts stderr "ERROR: timing is missed by [expr {-$worst}] ns: see the timing analyzer's report"
  exit 1
}
puts "sterna.sof: timing met, $worst ns to spare"
