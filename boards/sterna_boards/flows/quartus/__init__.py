"""Projects for Quartus: assignments, constraints, build script."""
