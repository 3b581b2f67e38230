"""Projects for Vivado: constraints, build script, block design."""
