"""Conversations: the model's chat template, what becomes of it in token ids, and their files."""
