"""Baby Dragon Hatchling: linear attention of neurons, the weights of all layers the same."""
