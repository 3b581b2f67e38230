"""Yosys, nextpnr and the packers: a bitstream that meets timing, kept by content."""
