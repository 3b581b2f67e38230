# Loads sterna.bit into a KV260 over JTAG, with the DDR4 memory started and no system on the
# processors:  xsdb load.tcl. The board boots from its flash again after a power cycle.
cd [file dirname [file normalize [info script]]]
connect
targets -set -nocase -filter {name =~ "PSU"}
mwr 0xffca0010 0x0
mwr 0xff5e0200 0x0100
rst -system
after 2000
targets -set -nocase -filter {name =~ "PSU"}
source psu_init.tcl
psu_init
fpga sterna.bit
after 1000
psu_ps_pl_isolation_removal
after 1000
psu_ps_pl_reset_config
