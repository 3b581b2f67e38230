"""Gated DeltaProduct: recurrent language models of several steps of a delta rule a token."""
