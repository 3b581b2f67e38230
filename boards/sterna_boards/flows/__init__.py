"""From a design to a bitstream: with open tools, or by a project for Vivado or Quartus."""
