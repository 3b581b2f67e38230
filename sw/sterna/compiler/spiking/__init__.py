"""Spiking networks: what goes where, the accelerator they need, and its memory image."""
