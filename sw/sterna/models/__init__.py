"""Models: configuration, float reference, and the folder format on disk."""
