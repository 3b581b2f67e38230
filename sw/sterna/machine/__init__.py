"""What a machine is: units, memory and link, their encoding and protocol, images; no Amaranth."""
