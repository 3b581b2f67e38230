// How sterna_serve.c reaches the accelerator's registers and the reserved memory.

#pragma once

#include <stdint.h>

int sterna_open(void);  // 0, and a line on standard error, when they cannot be reached
uint32_t sterna_read(uint32_t reg);
void sterna_write(uint32_t reg, uint32_t value);
volatile uint8_t *sterna_memory(void);
