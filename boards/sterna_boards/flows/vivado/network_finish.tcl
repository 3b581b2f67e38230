# What AMD's tools make the device tree's overlay from.
write_hw_platform -fixed -include_bit -force -file sterna.xsa
