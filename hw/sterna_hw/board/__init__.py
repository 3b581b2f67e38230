"""What stands between the pins of a board and the accelerator: clock, reset, UART."""
