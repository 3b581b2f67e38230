"""What units are: a specification each, without hardware."""
