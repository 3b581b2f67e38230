"""Hardware of the accelerator, in Amaranth."""
