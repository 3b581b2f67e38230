"""NIR graphs, as spiking frameworks exchange them, as real networks."""
