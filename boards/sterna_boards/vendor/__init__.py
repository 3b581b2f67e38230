"""Boards whose bitstreams the vendors' tools make: projects are written for Vivado and Quartus."""
