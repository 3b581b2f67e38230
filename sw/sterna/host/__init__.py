"""The host side: links, devices and text generation."""
