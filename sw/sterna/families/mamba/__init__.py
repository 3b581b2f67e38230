"""Mamba: a selective scan, whose cells each decay by what a token says."""
