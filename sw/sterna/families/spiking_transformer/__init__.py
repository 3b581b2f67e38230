"""What spiking transformers have in common; a family each is beside it."""
