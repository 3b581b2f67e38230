# What starts the processing system without software.
set starts [glob project/sterna.{gen,srcs}/sources_1/bd/board/ip/*/psu_init.tcl]
file copy -force [lindex $starts 0] psu_init.tcl
