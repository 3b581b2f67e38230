"""LightNet: linear attention whose keys are shares of all keys that were read."""
