"""Spikformer V2: a stem of convolutions, and attention of counts of spikes, without softmax."""
