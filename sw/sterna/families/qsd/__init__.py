"""QSD-Transformer: Spike-driven Transformer V2 with weights of four bits, and counts of spikes."""
