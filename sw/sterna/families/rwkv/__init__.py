"""What all versions of RWKV have in common; a family each is beside it."""
