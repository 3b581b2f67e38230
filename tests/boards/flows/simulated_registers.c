// The registers of an accelerator's byte link as they are in gateware, in front of a socket, and
// reserved memory that is a file: what sterna_access.c is on the board.

#include "sterna_access.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sterna_board.h"

enum { QUEUE_BYTES = 64 };

static int link_end;
static uint8_t *memory;
static uint32_t room = QUEUE_BYTES;

int sterna_open(void) {
    link_end = atoi(getenv("STERNA_TEST_LINK"));
    const int file = open(getenv("STERNA_TEST_MEMORY"), O_RDWR);
    const uint64_t size = (uint64_t)STERNA_PORTS * STERNA_PORT_BYTES;
    if (file < 0 || ftruncate(file, (off_t)size)) return 0;
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    return memory != MAP_FAILED;
}

static void take(uint8_t byte) {
    if (!room) {
        fprintf(stderr, "a byte for which there is no room\n");
        exit(3);  // on the board the bus would wait
    }
    --room;
    if (write(link_end, &byte, 1) != 1) exit(3);
}

uint32_t sterna_read(uint32_t reg) {
    int waiting = 0;
    uint8_t byte = 0;
    ioctl(link_end, FIONREAD, &waiting);
    if (reg == 0x00) return waiting && read(link_end, &byte, 1) == 1 ? 0x100u | byte : 0;
    if (reg != 0x08) exit(3);
    // The accelerator empties its queue between two looks, not always all of it.
    const uint32_t told = room | (uint32_t)(waiting < QUEUE_BYTES ? waiting : QUEUE_BYTES) << 16;
    room = room < 7 ? room + 3 : QUEUE_BYTES;
    return told;
}

void sterna_write(uint32_t reg, uint32_t value) {
    if (reg == 0x00) {
        take((uint8_t)value);
    } else if (reg == 0x10) {
        for (int place = 0; place < 4; ++place) take((uint8_t)(value >> 8 * place));
    } else {
        exit(3);
    }
}

volatile uint8_t *sterna_memory(void) { return memory; }
