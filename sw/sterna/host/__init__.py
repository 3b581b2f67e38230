"""The host side: links, devices, sampling and text generation."""
