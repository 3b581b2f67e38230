// Registers and reserved memory through /dev/mem, both without a cache.

#include "sterna_access.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "sterna_board.h"

static volatile uint32_t *registers;
static volatile uint8_t *memory;

static void *map(int file, uint64_t size, uint64_t address) {
    void *there = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, (off_t)address);
    if (there != MAP_FAILED) return there;
    fprintf(stderr, "sterna-serve: address 0x%llx cannot be mapped (%s); run it as root, with the "
                    "memory reserved and the bitstream loaded\n",
            (unsigned long long)address, strerror(errno));
    return NULL;
}

int sterna_open(void) {
    const int file = open("/dev/mem", O_RDWR | O_SYNC);
    if (file < 0) {
        fprintf(stderr, "sterna-serve: /dev/mem: %s; run it as root\n", strerror(errno));
        return 0;
    }
    registers = map(file, STERNA_REGISTER_BYTES, STERNA_REGISTERS);
    memory = map(file, (uint64_t)STERNA_PORTS * STERNA_PORT_BYTES, STERNA_MEMORY);
    return registers && memory;
}

uint32_t sterna_read(uint32_t reg) { return registers[reg / 4]; }
void sterna_write(uint32_t reg, uint32_t value) { registers[reg / 4] = value; }
volatile uint8_t *sterna_memory(void) { return memory; }
