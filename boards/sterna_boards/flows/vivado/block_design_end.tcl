validate_bd_design
save_bd_design
set design [get_files board.bd]
set wrapper [make_wrapper -files $design -top]
add_files -norecurse $wrapper
set top board_wrapper
