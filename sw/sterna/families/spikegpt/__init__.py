"""SpikeGPT: an RWKV-4 whose layers add spikes to the residual stream."""
