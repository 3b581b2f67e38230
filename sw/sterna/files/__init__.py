"""What Sterna writes: folders with a manifest, and files of arrays; nothing else is replaced."""
