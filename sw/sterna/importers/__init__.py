"""Importers: checkpoints of other tools become Sterna models."""
