"""What the models of the package flash-linear-attention have in common; a family each is beside it.
"""
