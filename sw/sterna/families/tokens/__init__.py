"""What families share whose models become a program that a token runs through."""
