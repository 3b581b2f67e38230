"""Tasks on several workers: processes of this machine, or those of a cluster."""
