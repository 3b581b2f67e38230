"""What the processor of texts does, in the language of `sterna_hw.generate.assembler`."""
