// Memory behind AXI4 ports, beside the Verilated model: contents, latency, bandwidth, refresh.
//
// Contents are one dense stream; beats of it go round the ports (see sterna_hw.memory.axi_source).
// A port's memory works off requests in order. From `latency` clocks after a request its beats are
// produced at a rate of at most `rate` / 65536 a clock, never during a refresh, and at most
// `buffer` ahead of the port, which moves at most one a clock and pauses at random. Writes are of
// one beat. What the master does against the specification is in `rules`.

#include <cstdint>
#include <cstring>
#include <deque>
#include <vector>

#include "axi_rules.h"

struct MemoryTiming {
    uint32_t latency;        // clocks from request to first beat
    uint32_t rate;           // beats a clock and port, in 65536ths
    uint32_t buffer;         // beats that the controller holds for the port
    uint32_t requests;       // bursts that a port's controller accepts before it makes one wait
    uint32_t interval;       // clocks from refresh to refresh, 0: none
    uint32_t refresh;        // clocks of a refresh
    uint32_t stagger;        // clocks between the refreshes of neighbouring ports
    uint32_t stall_permille; // pauses of every channel
};

// An answer with an error, once: that of the beat read or written after `after` others.
struct MemoryFault {
    uint64_t after = UINT64_MAX;
    uint8_t response = 0;

    // What the next beat is answered with.
    uint8_t answer() const { return after == 0 ? response : 0; }
    void count() { --after; }
};

class MemoryPort {
public:
    MemoryFault read_fault, write_fault;
    MemoryFault early_last; // RLAST in a beat too early, which ends its burst
    AxiRules rules;

    // `most` beats may be asked for and not delivered.
    MemoryPort(std::vector<uint8_t>& data, uint32_t ports, uint32_t index, uint32_t beat_bytes,
               const MemoryTiming& timing, uint64_t most, uint64_t seed)
        : rules(beat_bytes, most), data_(data), ports_(ports), index_(index), bytes_(beat_bytes), timing_(timing),
          state_((seed + 1) * 0x9E3779B97F4A7C15ull + index) {}

    // The port's inputs and outputs of one clock; `before` sets inputs, `after` sees the outputs.
    template <typename Signals>
    void before(Signals& port, uint64_t clock) {
        const bool refreshing = timing_.interval != 0 &&
            (clock + uint64_t(index_) * timing_.stagger) % timing_.interval < timing_.refresh;
        if (!refreshing && !bursts_.empty()) {
            credit_ += timing_.rate;
            while (credit_ >= 65536) {
                credit_ -= 65536;
                if (ready_ >= timing_.buffer || !produce(clock)) {
                    credit_ = 0;
                    break;
                }
            }
        }
        if (!showing_ && ready_ > 0 && !stall()) {
            showing_ = true;
            read(address_, port.rdata);
        }
        *port.rvalid = showing_;
        *port.rresp = showing_ ? read_fault.answer() : 0;
        *port.rlast = showing_ && (left_ == 1 || early_last.answer());
        *port.arready = bursts_.size() < timing_.requests && !stall();
        *port.awready = !has_address_ && !stall();
        *port.wready = !has_data_ && !stall();
        *port.bvalid = answers_ > 0;
        *port.bresp = answers_ > 0 ? write_fault.answer() : 0;
    }

    template <typename Signals>
    void after(Signals& port, uint64_t clock) {
        rules.watch(port, clock);
        if (*port.arvalid && *port.arready) {
            bursts_.push_back({*port.araddr, uint32_t(*port.arlen) + 1, clock + timing_.latency});
        }
        if (showing_ && *port.rready) {
            showing_ = false;
            read_fault.count();
            --ready_;
            ++beats;
            address_ += bytes_;
            --left_;
            if (early_last.answer()) end_burst();
            early_last.count();
            if (left_ == 0) next_shown();
        }
        if (answers_ > 0 && *port.bready) {
            --answers_;
            write_fault.count();
        }
        if (*port.awvalid && *port.awready) {
            has_address_ = true;
            write_address_ = *port.awaddr;
        }
        if (*port.wvalid && *port.wready) {
            has_data_ = true;
            std::memcpy(write_data_, port.wdata, bytes_);
            strobes_ = 0;
            std::memcpy(&strobes_, port.wstrb, bytes_ > 32 ? 8 : bytes_ > 16 ? 4 : bytes_ > 8 ? 2 : 1);
        }
        if (has_address_ && has_data_) {
            write();
            has_address_ = has_data_ = false;
            ++answers_;
        }
    }

    uint64_t beats = 0;

    // The memory's controller forgets everything but the contents.
    void reset() {
        rules.reset();
        bursts_.clear();
        shown_.clear();
        left_ = produced_ = ready_ = answers_ = 0;
        showing_ = has_address_ = has_data_ = false;
    }

private:
    struct Burst { uint64_t address; uint32_t beats; uint64_t from; };

    bool stall() {
        if (timing_.stall_permille == 0) return false;
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return (state_ >> 32) % 1000 < timing_.stall_permille;
    }

    // One beat of the oldest burst that still has some becomes ready; false when none may.
    bool produce(uint64_t clock) {
        if (bursts_.empty()) return false;
        Burst& burst = bursts_.front();
        if (burst.from > clock) return false;
        if (left_ == 0) {
            address_ = burst.address;
            left_ = burst.beats;
        } else if (produced_ == 0) {
            shown_.push_back(burst);
        }
        ++ready_;
        if (++produced_ == burst.beats) {
            produced_ = 0;
            bursts_.pop_front();
        }
        return true;
    }

    // Drop what is left of the burst at the port, whether it is ready or not.
    void end_burst() {
        if (ready_ < left_) {
            ready_ = produced_ = 0;
            bursts_.pop_front();
        } else {
            ready_ -= left_;
        }
        left_ = 0;
    }

    // The next burst whose beats are (partly) ready comes to the port.
    void next_shown() {
        if (shown_.empty()) return;
        address_ = shown_.front().address;
        left_ = shown_.front().beats;
        shown_.pop_front();
    }

    uint64_t place(uint64_t address) const {
        return (address / bytes_ * ports_ + index_) * bytes_;
    }

    void read(uint64_t address, void* to) const {
        const uint64_t first = place(address);
        std::memset(to, 0, bytes_);
        if (first >= data_.size()) return;
        const uint64_t left = data_.size() - first;
        std::memcpy(to, data_.data() + first, left < bytes_ ? left : bytes_);
    }

    void write() {
        const uint64_t first = place(write_address_);
        for (uint32_t byte = 0; byte < bytes_; ++byte)
            if (strobes_ >> byte & 1 && first + byte < data_.size())
                data_[first + byte] = write_data_[byte];
    }

    std::vector<uint8_t>& data_;
    const uint32_t ports_, index_, bytes_;
    const MemoryTiming timing_;
    uint64_t state_;
    std::deque<Burst> bursts_, shown_;
    uint64_t address_ = 0, credit_ = 0;
    uint32_t left_ = 0, produced_ = 0, ready_ = 0, answers_ = 0;
    bool showing_ = false, has_address_ = false, has_data_ = false;
    uint64_t write_address_ = 0, strobes_ = 0;
    uint8_t write_data_[64];
};
