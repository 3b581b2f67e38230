"""Layers of recurrent language models as operations of a program, for families to put together."""
