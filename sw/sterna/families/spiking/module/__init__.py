"""Torch modules of spiking frameworks as real networks."""
