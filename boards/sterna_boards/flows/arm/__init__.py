"""The program for the ARM cores of a Zynq UltraScale+ that serves the accelerator over TCP."""
