"""Pages with pictures of what tasks find."""
