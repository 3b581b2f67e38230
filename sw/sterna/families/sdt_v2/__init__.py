"""Spike-driven Transformer V2: convolutions and attention of spikes, without softmax."""
