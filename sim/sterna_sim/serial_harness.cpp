// A board around the generated Verilog with a UART: a host's UART at its pins, bit by bit.
//
// The functions at the end are the interface to Python (see serial_library.py). A board is used by
// one thread at a time. Times are in clocks of the board.

#include <cstdint>
#include <deque>
#include <map>

#include "Vaccelerator.h"
#include "byte_queue.h"
#include "verilated.h"

namespace {

// What happens to a byte on the line; serial_library.py has the same numbers.
enum Fault : uint32_t { NONE, FRAMING, GLITCH, LOST, FLIPPED, BREAK };
constexpr uint8_t FLIPPED_BIT = 0x08;

// Faults by the number of the byte that they meet, given from the next byte on.
class Faults {
public:
    void add(uint64_t after, Fault fault) { faults_[count_ + after] = fault; }
    Fault next() {
        const auto found = faults_.find(count_++);
        return found == faults_.end() ? NONE : found->second;
    }

private:
    std::map<uint64_t, Fault> faults_;
    uint64_t count_ = 0;
};

// Bytes to a line: start bit, eight data bits, stop bit.
class Sender {
public:
    explicit Sender(double bit) : bit_(bit) {}

    bool level(uint64_t now) {
        while (!segments_.empty() && segments_.front().end <= now) segments_.pop_front();
        while (segments_.empty() && !bytes.empty()) {
            if (end_ < now) end_ = now;
            send(bytes.front(), faults.next());
            bytes.drop();
        }
        return segments_.empty() || segments_.front().level;
    }

    Queue bytes;
    Faults faults;

private:
    struct Segment {
        double end;
        bool level;
    };

    void hold(bool level, double bits) {
        end_ += bits * bit_;
        segments_.push_back({end_, level});
    }

    void send(uint8_t byte, Fault fault) {
        if (fault == LOST) return;
        if (fault == GLITCH) {
            hold(false, 0.3);
            hold(true, 1);
        }
        if (fault == BREAK) {
            hold(false, 25);
            hold(true, 2);
        }
        if (fault == FLIPPED) byte ^= FLIPPED_BIT;
        hold(false, 1);
        for (int bit = 0; bit < 8; ++bit) hold(byte >> bit & 1, 1);
        if (fault == FRAMING) hold(false, 1);
        hold(true, 1);
    }

    double bit_;
    double end_ = 0;
    std::deque<Segment> segments_;
};

// Bytes from a line, sampled once in the middle of every bit.
class Receiver {
public:
    explicit Receiver(double bit) : bit_(bit) {}

    void sample(uint64_t now, bool level) {
        if (position_ < 0) {
            if (!level) {
                start_ = now;
                position_ = 0;
                byte_ = 0;
            }
            return;
        }
        if (now < start_ + (position_ + 0.5) * bit_) return;
        if (position_ >= 1 && position_ <= 8) byte_ |= level << (position_ - 1);
        if (++position_ <= 9) return;
        position_ = -1;
        const Fault fault = faults.next();
        if (!level || fault == FRAMING || fault == LOST) return;
        bytes.push(fault == FLIPPED ? byte_ ^ FLIPPED_BIT : byte_);
    }

    Queue bytes;
    Faults faults;

private:
    double bit_;
    uint64_t start_ = 0;
    int position_ = -1;
    uint8_t byte_ = 0;
};

class Board {
public:
    explicit Board(double bit) : top_(&context_), sender(bit), receiver(bit) {
        top_.rst = 1;
        top_.rx = 1;
        for (int count = 0; count < 2; ++count) edge();
        top_.rst = 0;
        cycles = 0;
    }
    ~Board() { top_.final(); }

    uint64_t run(uint64_t limit, std::size_t wanted) {
        const uint64_t start = cycles;
        while (cycles - start < limit && receiver.bytes.size() < wanted) {
            top_.rst = cycles >= reset_from && cycles < reset_to;
            top_.rx = sender.level(cycles);
            edge();
            receiver.sample(cycles, top_.tx);
        }
        return cycles - start;
    }

private:
    void edge() {
        top_.clk = 0;
        top_.eval();
        top_.clk = 1;
        top_.eval();
        ++cycles;
    }

    VerilatedContext context_;
    Vaccelerator top_;

public:
    Sender sender;
    Receiver receiver;
    uint64_t cycles = 0;
    uint64_t reset_from = 0, reset_to = 0;
};

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

Board* sterna_create(double bit) { return new Board(bit); }
void sterna_destroy(Board* board) { delete board; }
void sterna_push(Board* board, const uint8_t* bytes, uint64_t count) {
    board->sender.bytes.push(bytes, count);
}
uint64_t sterna_pop(Board* board, uint8_t* to, uint64_t most) {
    return board->receiver.bytes.pop(to, most);
}
uint64_t sterna_run(Board* board, uint64_t limit, uint64_t wanted) {
    return board->run(limit, wanted);
}
uint64_t sterna_cycles(Board* board) { return board->cycles; }
void sterna_fault(Board* board, uint32_t to_board, uint64_t after, uint32_t fault) {
    Faults& faults = to_board ? board->sender.faults : board->receiver.faults;
    faults.add(after, static_cast<Fault>(fault));
}
void sterna_reset(Board* board, uint64_t after, uint64_t clocks) {
    board->reset_from = board->cycles + after;
    board->reset_to = board->reset_from + clocks;
}

}  // extern "C"
#pragma GCC visibility pop
