"""Formats that families share: checkpoints, tensors, tokenizers, graphs."""
