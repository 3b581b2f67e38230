"""Spiking networks: neurons in discrete steps, joined by synapses with delays."""
