// Serves an accelerator in the fabric to drivers at a TCP port:  sterna-serve [PORT]
//
// Frames (see sterna.machine.protocol) go through the registers of its byte link and come back.
// LOAD frames for what lies in the reserved memory do not: this program writes their words there
// itself, as the accelerator would, and answers for it. One driver at a time.

#define _GNU_SOURCE  // POLLRDHUP
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sterna_access.h"
#include "sterna_board.h"

enum { START = 0xA5, LOAD = 0x02, ACK = 0x82, HEADER = 5, CRC_BYTES = 2, LOAD_HEADER = 5 };
enum { DATA = 0x00, SPACE = 0x08, WORD = 0x10 };  // see sterna_hw.link.axi_lite.Register
enum { LONGEST = HEADER + 0xFFFF + CRC_BYTES, ANSWERS = 1 << 16, PATIENCE_MS = 10000 };

static const struct region {
    uint32_t space;       // number in LOAD
    uint64_t words;       // of it in the memory, from the first on
    uint32_t sent, size;  // bytes of a word in LOAD, and in the memory
    uint64_t first;       // byte of the first word in the dense stream
} regions[] = STERNA_REGIONS;

static int driver = -1;
static uint8_t frame[LONGEST], answer[ANSWERS];
static size_t held, answered;
static long outstanding;  // frames in the accelerator that it has not answered

static uint16_t crc(const uint8_t *data, size_t count) {
    uint16_t value = 0xFFFF;
    while (count--) {
        value ^= (uint16_t)(*data++ << 8);
        for (int bit = 0; bit < 8; ++bit)
            value = (uint16_t)(value & 0x8000 ? value << 1 ^ 0x1021 : value << 1);
    }
    return value;
}

static long now_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000L + time.tv_nsec / 1000000L;
}

static void hang_up(void) {
    if (driver >= 0) close(driver);
    driver = -1;
    held = answered = 0;
}

// Whether the driver has hung up, behind what it said before or not.
static int ended(void) {
    struct pollfd end = {driver, POLLRDHUP, 0};
    return poll(&end, 1, 0) > 0 && end.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

static void flush(void) {
    size_t sent = 0;
    while (driver >= 0 && sent < answered) {
        const ssize_t count = write(driver, answer + sent, answered - sent);
        if (count > 0) sent += (size_t)count;
        else if (count < 0 && errno != EINTR) hang_up();
    }
    answered = 0;
}

// Notes a byte of the accelerator, which sends nothing but frames, and whether it ends one.
static void note(uint8_t byte) {
    static uint32_t place, left;
    if (place < HEADER) {
        if (place == 0 && byte != START) return;
        if (place == 3) left = byte;
        if (place == 4) left = (left | (uint32_t)byte << 8) + CRC_BYTES;
        ++place;
    } else if (--left == 0) {
        place = 0;
        if (outstanding > 0) --outstanding;
    }
}

// Takes what has come out of the accelerator; returns the room for bytes into it.
static uint32_t pump(void) {
    const uint32_t state = sterna_read(SPACE);
    for (uint32_t count = state >> 16; count; --count) {
        const uint8_t byte = (uint8_t)sterna_read(DATA);
        note(byte);
        if (driver < 0) continue;
        if (answered == ANSWERS) flush();
        answer[answered++] = byte;
    }
    return state & 0xFFFF;
}

static void forward(const uint8_t *data, size_t count) {
    while (count) {
        const uint32_t room = pump();
        if (room >= 4 && count >= 4) {
            sterna_write(WORD, (uint32_t)data[0] | (uint32_t)data[1] << 8 |
                                   (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24);
            data += 4;
            count -= 4;
        } else if (room) {
            sterna_write(DATA, *data++);
            --count;
        } else {
            flush();
        }
    }
}

// Beats of the dense stream go round the ports, each of which has a region of its own.
static void store(uint64_t at, const uint8_t *data, uint32_t count) {
    while (count) {
        const uint64_t beat = at / STERNA_BEAT, within = at % STERNA_BEAT;
        const uint64_t port = beat % STERNA_PORTS;
        uint32_t part = (uint32_t)(STERNA_BEAT - within);
        if (part > count) part = count;
        volatile uint8_t *to = sterna_memory() + port * STERNA_PORT_BYTES +
                      beat / STERNA_PORTS * STERNA_BEAT + within;
        for (uint32_t place = 0; place < part; ++place) to[place] = data[place];
        at += part;
        data += part;
        count -= part;
    }
}

// Carries out a LOAD whose words are all in the memory; 0 for any other frame.
static int load(size_t total) {
    const size_t length = total - HEADER - CRC_BYTES;
    if (frame[1] != LOAD || length < LOAD_HEADER) return 0;
    if (crc(frame + 1, total - 1 - CRC_BYTES) != (frame[total - 2] | frame[total - 1] << 8))
        return 0;
    const uint8_t *data = frame + HEADER + LOAD_HEADER;
    const size_t bytes = length - LOAD_HEADER;
    const uint64_t first = (uint64_t)frame[6] | (uint64_t)frame[7] << 8 | (uint64_t)frame[8] << 16 |
                           (uint64_t)frame[9] << 24;
    for (size_t number = 0; number < sizeof regions / sizeof *regions; ++number) {
        const struct region *to = regions + number;
        if (!to->words || to->space != frame[5] || bytes % to->sent) continue;
        const uint64_t count = bytes / to->sent;
        if (first + count > to->words) continue;
        const long end = now_ms() + PATIENCE_MS;
        while (outstanding && now_ms() < end) pump();  // answers stay in order
        for (uint64_t word = 0; word < count; ++word)
            store(to->first + (first + word) * to->size, data + word * to->sent, to->size);
        __sync_synchronize();
        uint8_t ack[HEADER + CRC_BYTES] = {START, ACK, frame[2], 0, 0};
        const uint16_t check = crc(ack + 1, HEADER - 1);
        ack[HEADER] = (uint8_t)check;
        ack[HEADER + 1] = (uint8_t)(check >> 8);
        if (answered + sizeof ack > ANSWERS) flush();
        memcpy(answer + answered, ack, sizeof ack);
        answered += sizeof ack;
        return 1;
    }
    return 0;
}

static void drop(size_t count) {
    held -= count;
    memmove(frame, frame + count, held);
}

// Acts on the frames that are there whole; returns whether there was one.
static int act(void) {
    size_t noise = 0;
    while (noise < held && frame[noise] != START) ++noise;
    if (noise) {
        drop(noise);
        return 1;
    }
    if (held < HEADER) return 0;
    const size_t total = HEADER + (size_t)(frame[3] | frame[4] << 8) + CRC_BYTES;
    if (held < total) return 0;
    if (!load(total)) {
        ++outstanding;
        forward(frame, total);
    }
    if (driver >= 0) drop(total);
    return 1;
}

static void serve(int listener) {
    long heard = now_ms(), moved = heard;
    outstanding = 0;
    while (driver >= 0) {
        struct pollfd ends[] = {{driver, POLLIN, 0}, {listener, POLLIN, 0}};
        // Awake while answers come, half asleep while they are due, else until somebody speaks.
        poll(ends, 2, !outstanding ? 100 : now_ms() > moved + 1);
        if (ends[0].revents) {
            const ssize_t count = read(driver, frame + held, sizeof frame - held);
            if (count <= 0) hang_up();
            else held += (size_t)count;
            heard = now_ms();
        }
        // One that is seen to come while another is there is refused. One that comes behind an end
        // not seen yet waits: the end is seen first, since it came first.
        if (driver >= 0 && ends[1].revents & POLLIN && !ended())
            close(accept(listener, NULL, NULL));
        while (driver >= 0 && act()) {}
        pump();
        if (answered || ends[0].revents) moved = now_ms();
        flush();
        if (now_ms() > heard + PATIENCE_MS) outstanding = 0;  // what is lost is not waited for
    }
    const long end = now_ms() + 100;
    while (now_ms() < end) pump();  // what nobody reads any more
}

int main(int count, char **arguments) {
    const int port = count > 1 ? atoi(arguments[1]) : STERNA_TCP_PORT;
    const int one = 1;
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;
    signal(SIGPIPE, SIG_IGN);
    if (!sterna_open()) return 1;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4)) {
        fprintf(stderr, "sterna-serve: port %d: %s\n", port, strerror(errno));
        return 1;
    }
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("sterna-serve: port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        driver = accept(listener, NULL, NULL);
        if (driver < 0) continue;
        setsockopt(driver, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        serve(listener);
    }
}
