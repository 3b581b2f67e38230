// Waves of some clocks, and the clocks of what trace ports show; nothing unless STERNA_WAVES names
// Verilator's writer of such files.

#pragma once

#include <cstdint>
#include <vector>

#include "verilated.h"

#ifdef STERNA_WAVES
#include STERNA_WAVES_HEADER

class Waves {
public:
    // Before the model is made.
    static void enable(VerilatedContext& context) { context.traceEverOn(true); }

    // Writes the clocks from first to before last, once; false when the file cannot be opened.
    template <typename Model>
    bool record(Model& model, const char* path, uint64_t first, uint64_t last) {
        file_.set_time_unit("1ns");
        file_.set_time_resolution("1ns");
        model.trace(&file_, 99);
        file_.open(path);
        first_ = first;
        last_ = last;
        return file_.isOpen();
    }

    // Ten nanoseconds a clock, whose rising edge is in the middle.
    void dump(uint64_t clock, bool high) {
        if (!file_.isOpen() || clock < first_) return;
        if (clock >= last_) file_.close();
        else file_.dump(10 * clock + (high ? 5 : 0));
    }

    void close() {
        if (file_.isOpen()) file_.close();
    }

    void shown(std::size_t port, uint64_t clock) {
        if (port >= clocks.size()) clocks.resize(port + 1);
        clocks[port].push_back(clock);
    }
    void clear() { clocks.clear(); }

    // Of every value in the trace buffers, by port.
    std::vector<std::vector<uint64_t>> clocks;

private:
    STERNA_WAVES file_;
    uint64_t first_ = 0, last_ = 0;
};
#else
struct Waves {
    static void enable(VerilatedContext&) {}
    void dump(uint64_t, bool) {}
    void close() {}
    void shown(std::size_t, uint64_t) {}
    void clear() {}
};
#endif
