"""The compiler's part of each of Sterna's units."""
