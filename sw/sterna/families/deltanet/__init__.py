"""DeltaNet, gated too: recurrent language models whose states correct what keys find there."""
