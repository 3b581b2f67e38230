"""Models of memories outside the accelerator."""
