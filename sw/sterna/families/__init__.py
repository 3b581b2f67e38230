"""Families of models: how each is read, what it computes, what it becomes."""
