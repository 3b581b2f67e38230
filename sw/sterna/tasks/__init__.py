"""What Sterna does for its users; the command line only asks for it and prints."""
