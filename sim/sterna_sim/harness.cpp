// A board around the generated Verilog: byte queues at the link, one clock, trace buffers.
//
// The functions at the end are the interface to Python (see library.py). A board is used by one
// thread at a time; several boards in one process are independent.

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "Vaccelerator.h"
#ifdef STERNA_AXI_PORTS
#include "axi_memory.h"
#endif
#ifdef STERNA_SDRAM
#include "sdram_memory.h"
#endif
#include "byte_queue.h"
#include "verilated.h"
#include "verilated_sym_props.h"
#include "verilated_syms.h"
#include "waves.h"

namespace {

constexpr int MOST_TRACES = 48;

// Verilator writes the second of two underscores in a port's name as `_05F`.
// It keeps ports of up to 64 bits in integers and wider ones in arrays of 32-bit words.
template <std::size_t N>
void copy_words(const VlWide<N>& port, std::vector<uint32_t>& to) {
    to.insert(to.end(), port.data(), port.data() + N);
}
void copy_words(uint64_t port, std::vector<uint32_t>& to) {
    to.push_back(static_cast<uint32_t>(port));
    to.push_back(static_cast<uint32_t>(port >> 32));
}
void copy_words(uint32_t port, std::vector<uint32_t>& to) { to.push_back(port); }
void copy_words(uint16_t port, std::vector<uint32_t>& to) { to.push_back(port); }
void copy_words(uint8_t port, std::vector<uint32_t>& to) { to.push_back(port); }

// Bit 0 of every trace port says whether the others are meant.
template <std::size_t N>
bool is_valid(const VlWide<N>& port) { return port[0] & 1; }
bool is_valid(uint64_t port) { return port & 1; }

template <typename Port>
void capture(const Port& port, std::vector<uint32_t>& to) {
    if (is_valid(port)) copy_words(port, to);
}

// Pauses of the link's other end, each cycle with a chance of `permille`, always the same for a seed.
class Stalls {
public:
    Stalls(uint64_t seed, uint32_t permille) : state_(seed | 1), permille_(permille) {}
    bool next() {
        if (permille_ == 0) return false;
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return (state_ >> 32) % 1000 < permille_;
    }

private:
    uint64_t state_;
    uint32_t permille_;
};

#ifdef STERNA_AXI_PORTS
// Where Verilator keeps the signals of one AXI4 port.
struct AxiSignals {
    CData *arready, *rvalid, *rresp, *rlast, *awready, *wready, *bvalid, *bresp;
    const CData *arvalid, *arlen, *arsize, *arburst, *rready;
    const CData *awvalid, *awlen, *awsize, *awburst, *wvalid, *wlast, *bready;
    const IData *araddr, *awaddr;
    void* rdata;
    const void *wdata, *wstrb;
};
#endif

class Board {
public:
    Board(uint64_t seed, uint32_t stall_permille)
        : top_(&context_), stalls_(seed, stall_permille) {
        Waves::enable(context_);
        top_.rst = 1;
#ifdef STERNA_LINE
        top_.direct = 1;
#endif
        top_.link_in___05Fvalid = 0;
        top_.link_out___05Fready = 0;
        for (int cycle = 0; cycle < 2; ++cycle) edge();
        top_.rst = 0;
        cycles = 0;
#ifdef STERNA_AXI_PORTS
#define SIGNAL(n, name) &top_.m_axi_##n##_##name
#define PORT(n) axi_.push_back({ \
        SIGNAL(n, arready), SIGNAL(n, rvalid), SIGNAL(n, rresp), SIGNAL(n, rlast), \
        SIGNAL(n, awready), SIGNAL(n, wready), SIGNAL(n, bvalid), SIGNAL(n, bresp), \
        SIGNAL(n, arvalid), SIGNAL(n, arlen), SIGNAL(n, arsize), SIGNAL(n, arburst), \
        SIGNAL(n, rready), SIGNAL(n, awvalid), SIGNAL(n, awlen), SIGNAL(n, awsize), \
        SIGNAL(n, awburst), SIGNAL(n, wvalid), SIGNAL(n, wlast), SIGNAL(n, bready), \
        SIGNAL(n, araddr), SIGNAL(n, awaddr), SIGNAL(n, rdata), SIGNAL(n, wdata), \
        SIGNAL(n, wstrb)});
        STERNA_AXI_PORTS
#undef PORT
#undef SIGNAL
#endif
    }
    ~Board() {
        waves.close();
        top_.final();
    }

    // Runs until `wanted` bytes wait in `out`, at most `limit` cycles; returns the cycles run.
    uint64_t run(uint64_t limit, std::size_t wanted) {
        const uint64_t start = cycles;
        while (cycles - start < limit && out.size() < wanted && !failed()) cycle();
        return cycles - start;
    }

    // Pulses `rst`; afterwards no byte is on its way in the link. Memories outside go on, unless
    // the controllers behind AXI ports are reset too.
    void reset(uint64_t clocks, bool controllers) {
        top_.rst = 1;
#ifdef STERNA_AXI_PORTS
        if (controllers) for (auto& port : ports) port.reset();
#endif
        for (uint64_t clock = 0; clock < clocks && !failed(); ++clock) cycle();
        top_.rst = 0;
        in = out = Queue();
        offering_ = false;
    }

#ifdef STERNA_LINE
    // From now on bytes go over the line.
    void use_line() { top_.direct = 0; }
#endif

    // What was done first that a memory outside forbids, empty while nothing was.
    const char* violation() const {
#ifdef STERNA_SDRAM
        if (sdram) return sdram->fault.c_str();
#endif
#ifdef STERNA_AXI_PORTS
        for (const auto& port : ports)
            if (!port.rules.fault.empty()) return port.rules.fault.c_str();
#endif
        return "";
    }

    // Puts words of `size` bytes straight into a memory on the chip, a bank for each four bytes;
    // false when the Verilog has no such memory module. See sterna_hw.memory.storage.
    bool write_chip(const char* path, uint64_t first, const uint8_t* words, uint64_t count,
                    uint32_t size) {
        for (uint32_t bank = 0; bank < size / 4; ++bank) {
            const std::string name = std::string("TOP.sterna.") + path + ".bank_" +
                std::to_string(bank) + ".ram";
            const VerilatedScope* const scope = context_.scopeFind(name.c_str());
            if (scope == nullptr) return false;
            const VerilatedVar* const memory = scope->varFind("memory");
            const uint32_t bytes = memory->entSize();
            uint8_t* to = static_cast<uint8_t*>(memory->datap()) + first * bytes;
            const uint8_t* from = words + 4 * bank;
            for (uint64_t word = 0; word < count; ++word, to += bytes, from += size)
                std::memcpy(to, from, bytes);
        }
        return true;
    }

#ifdef STERNA_AXI_PORTS
    void create_memory(uint64_t bytes, const MemoryTiming& timing, uint64_t most, uint64_t seed) {
        memory.assign(bytes, 0);
        ports.clear();
        for (uint32_t index = 0; index < axi_.size(); ++index)
            ports.emplace_back(memory, axi_.size(), index, sizeof(top_.m_axi_0_rdata), timing, most,
                               seed);
    }

    std::vector<uint8_t> memory;
    std::vector<MemoryPort> ports;
#endif
#ifdef STERNA_SDRAM
    std::unique_ptr<Sdram> sdram;
#endif
#ifdef STERNA_WAVES
    bool record(const char* path, uint64_t first, uint64_t last) {
        return waves.record(top_, path, first, last);
    }
#endif
    Queue in, out;
    uint64_t cycles = 0;
    std::vector<uint32_t> traces[MOST_TRACES];
    Waves waves;

private:
    void edge() {
        top_.clk = 0;
        top_.eval();
        top_.clk = 1;
        top_.eval();
        ++cycles;
    }

    bool failed() const { return *violation() != 0; }

    void cycle() {
        // A byte that was offered stays offered until it is taken.
        offering_ = !in.empty() && (offering_ || !stalls_.next());
        top_.link_in___05Fvalid = offering_;
        top_.link_in___05Fpayload = offering_ ? in.front() : 0;
        top_.link_out___05Fready = !stalls_.next();
#ifdef STERNA_AXI_PORTS
        for (std::size_t index = 0; index < ports.size(); ++index)
            ports[index].before(axi_[index], cycles);
#endif
#ifdef STERNA_SDRAM
        top_.sdram_dq_i = sdram->data_in();
#endif
        top_.clk = 0;
        top_.eval();
        waves.dump(cycles, false);
#ifdef STERNA_AXI_PORTS
        for (std::size_t index = 0; index < ports.size(); ++index)
            ports[index].after(axi_[index], cycles);
#endif
#ifdef STERNA_SDRAM
        sdram->end_clock({bool(top_.sdram_ras_n), bool(top_.sdram_cas_n), bool(top_.sdram_we_n),
                          bool(top_.sdram_dq_oe), top_.sdram_ba, top_.sdram_a, top_.sdram_dq_o});
#endif
        if (offering_ && top_.link_in___05Fready) {
            in.drop();
            offering_ = false;
        }
        if (top_.link_out___05Fvalid && top_.link_out___05Fready) out.push(top_.link_out___05Fpayload);
#ifdef STERNA_TRACE
#define TRACE(n, port) \
        if (is_valid(top_.port)) waves.shown(n, cycles); \
        capture(top_.port, traces[n]);
        STERNA_TRACE
#undef TRACE
#endif
        top_.clk = 1;
        top_.eval();
        waves.dump(cycles, true);
        ++cycles;
    }

#ifdef STERNA_AXI_PORTS
    std::vector<AxiSignals> axi_;
#endif
    VerilatedContext context_;
    Vaccelerator top_;
    Stalls stalls_;
    bool offering_ = false;
};

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

Board* sterna_create(uint64_t seed, uint32_t stall_permille) {
    return new Board(seed, stall_permille);
}
void sterna_destroy(Board* board) { delete board; }
void sterna_push(Board* board, const uint8_t* bytes, uint64_t count) {
    board->in.push(bytes, count);
}
uint64_t sterna_pop(Board* board, uint8_t* to, uint64_t most) { return board->out.pop(to, most); }
uint64_t sterna_available(Board* board) { return board->out.size(); }
uint64_t sterna_run(Board* board, uint64_t limit, uint64_t wanted) {
    return board->run(limit, wanted);
}
void sterna_reset(Board* board, uint64_t clocks, int controllers) {
    board->reset(clocks, controllers);
}
uint64_t sterna_cycles(Board* board) { return board->cycles; }

int sterna_chip_write(Board* board, const char* path, uint64_t first, const uint8_t* words,
                      uint64_t count, uint32_t size) {
    return board->write_chip(path, first, words, count, size);
}

#ifdef STERNA_LINE
void sterna_line(Board* board) { board->use_line(); }
#endif

#ifdef STERNA_AXI_PORTS
// The memory behind the AXI ports; its contents are written here without passing the hardware.
void sterna_memory_create(Board* board, uint64_t bytes, const MemoryTiming* timing, uint64_t most,
                          uint64_t seed) {
    board->create_memory(bytes, *timing, most, seed);
}
void sterna_memory_write(Board* board, uint64_t first, const uint8_t* bytes, uint64_t count) {
    std::memcpy(board->memory.data() + first, bytes, count);
}
// Answers one beat of a port with an error: the next one after so many others.
void sterna_memory_fault(Board* board, uint32_t port, int write, uint64_t after, uint8_t response) {
    MemoryPort& memory = board->ports[port];
    (write ? memory.write_fault : memory.read_fault) = {after, response};
}
// Ends a burst too early, in the next beat of the port after so many others.
void sterna_memory_early_last(Board* board, uint32_t port, uint64_t after) {
    board->ports[port].early_last = {after, 1};
}
// Beats that crossed all ports.
uint64_t sterna_memory_beats(Board* board) {
    uint64_t beats = 0;
    for (const auto& port : board->ports) beats += port.beats;
    return beats;
}
#endif

#ifdef STERNA_SDRAM
// The SDRAM at the pins; its contents are written here without passing the hardware.
void sterna_sdram_create(Board* board, const SdramSheet* sheet, uint64_t seed) {
    board->sdram = std::make_unique<Sdram>(*sheet, seed);
}
void sterna_memory_write(Board* board, uint64_t first, const uint8_t* bytes, uint64_t count) {
    board->sdram->write(first, bytes, count);
}
uint64_t sterna_memory_beats(Board* board) { return board->sdram->beats; }
#endif

// The first thing done that a memory outside forbids, empty while there is none; the board does not
// run after it.
const char* sterna_violation(Board* board) { return board->violation(); }

// Trace buffers, one for each port in the order of the build; words of 32 bits, one port value after
// another.
uint64_t sterna_trace_size(Board* board, uint32_t which) { return board->traces[which].size(); }
const uint32_t* sterna_trace_data(Board* board, uint32_t which) {
    return board->traces[which].data();
}
void sterna_trace_clear(Board* board) {
    for (auto& trace : board->traces) trace.clear();
    board->waves.clear();
}

#ifdef STERNA_WAVES
// Waves, and the clock of each port value in the trace buffers; see waves.h.
int sterna_waves_record(Board* board, const char* path, uint64_t first, uint64_t last) {
    return board->record(path, first, last);
}
uint64_t sterna_trace_entries(Board* board, uint32_t which) {
    return which < board->waves.clocks.size() ? board->waves.clocks[which].size() : 0;
}
const uint64_t* sterna_trace_clocks(Board* board, uint32_t which) {
    return board->waves.clocks[which].data();
}
#endif

}  // extern "C"
#pragma GCC visibility pop
