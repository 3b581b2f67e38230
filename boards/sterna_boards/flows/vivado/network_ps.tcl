# The byte link's registers, where the processors see them.
set_property CONFIG.PSU__USE__M_AXI_GP0 1 [get_bd_cells ps]
cell smartconnect control CONFIG.NUM_SI 1 CONFIG.NUM_MI 1
bus ps/M_AXI_HPM0_FPD control/S00_AXI
bus control/M00_AXI accelerator/s_axi
wire $clock ps/maxihpm0_fpd_aclk control/aclk
wire reset/peripheral_aresetn control/aresetn
assign_bd_address -offset $registers -range 4K -target_address_space [get_bd_addr_spaces ps/Data] \
  [get_bd_addr_segs accelerator/s_axi/reg0]
