"""What families share whose models become a network that runs in time steps."""
