set_property top $top [get_filesets sources_1]
update_compile_order -fileset sources_1

proc run_to_end {run args} {
  launch_runs $run {*}$args
  wait_on_run $run
  if {[get_property PROGRESS [get_runs $run]] ne "100%"} {
    refuse "$run failed: see project/sterna.runs/$run/runme.log"
  }
}

run_to_end synth_1 -jobs 4
run_to_end impl_1 -to_step write_bitstream -jobs 4
open_run impl_1
report_timing_summary -file timing.rpt
report_utilization -hierarchical -file utilization.rpt
file copy -force [glob project/sterna.runs/impl_1/*.bit] sterna.bit
set slack [get_property SLACK [get_timing_paths -setup]]
if {$slack < 0} {
  puts stderr "ERROR: timing is missed by [expr {-$slack}] ns: see timing.rpt"
  exit 1
}
puts "sterna.bit: timing met, $slack ns to spare"
