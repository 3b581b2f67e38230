// Watches the master's side of one AXI4 port for what the specification forbids (AMBA AXI4, by the
// sections of issue E), and for requests beyond what it can hold.

#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>

class AxiRules {
public:
    std::string fault; // the first violation: its rule and what was seen

    // `bytes` of a beat; `most` beats may be asked for and not delivered.
    AxiRules(uint32_t bytes, uint64_t most) : bytes_(bytes), most_(most) {}

    // Sees the settled signals of a clock, before its edge.
    template <typename Signals>
    void watch(const Signals& port, uint64_t clock) {
        clock_ = clock;
        const Burst read{*port.araddr, *port.arlen, *port.arsize, *port.arburst};
        const Burst write{*port.awaddr, *port.awlen, *port.awsize, *port.awburst};
        Data data{{}, {}, *port.wlast};
        std::memcpy(data.bytes, port.wdata, bytes_);
        std::memcpy(data.strobes, port.wstrb, (bytes_ + 7) / 8);
        read_.watch(*this, "AR", *port.arvalid, *port.arready, read);
        write_.watch(*this, "AW", *port.awvalid, *port.awready, write);
        data_.watch(*this, "W", *port.wvalid, *port.wready, data);
        if (*port.rvalid && *port.rready && !reads_.empty()) {
            --outstanding_;
            if (--reads_.front() == 0 || *port.rlast) { // a memory that ends a burst owes no more
                outstanding_ -= reads_.front();
                reads_.pop_front();
            }
        }
        if (*port.arvalid && *port.arready) {
            check(read);
            reads_.push_back(read.beats());
            outstanding_ += read.beats();
            if (outstanding_ > most_)
                fail("outstanding beats", std::to_string(outstanding_) + " of at most " +
                                              std::to_string(most_));
        }
        if (*port.awvalid && *port.awready) {
            check(write);
            lengths_.push_back(write.beats());
        }
        if (*port.wvalid && *port.wready) {
            ++beats_;
            if (*port.wlast) {
                written_.push_back(beats_);
                beats_ = 0;
            }
        }
        if (!lengths_.empty() && (!written_.empty() || beats_ >= lengths_.front())) {
            const uint32_t last = written_.empty() ? 0 : written_.front();
            if (last != lengths_.front())
                fail("WLAST (A3.2.2)", "not in beat " + std::to_string(lengths_.front()));
            lengths_.pop_front();
            if (!written_.empty()) written_.pop_front();
        }
    }

    // The memory was reset, and so has forgotten what was asked for.
    void reset() { *this = AxiRules(bytes_, most_); }

private:
    struct Burst {
        uint32_t address, length, size, kind;
        uint32_t beats() const { return length + 1; }
        bool operator!=(const Burst& other) const { return std::memcmp(this, &other, sizeof *this); }
    };
    struct Data {
        uint8_t bytes[64], strobes[8];
        uint8_t last;
        bool operator!=(const Data& other) const { return std::memcmp(this, &other, sizeof *this); }
    };

    // What is offered stays as it is until it is taken.
    template <typename Payload>
    struct Channel {
        bool waits = false;
        Payload before{};
        void watch(AxiRules& rules, const char* name, bool valid, bool ready,
                   const Payload& payload) {
            if (waits && !valid)
                rules.fail("VALID until READY (A3.2.1)", std::string(name) + " was withdrawn");
            else if (waits && payload != before)
                rules.fail("stable payload (A3.2.1)", std::string(name) + " changed");
            waits = valid && !ready;
            before = payload;
        }
    };

    void check(const Burst& burst) {
        const uint64_t bytes = uint64_t(burst.beats()) << burst.size;
        const uint64_t last = burst.address + bytes - 1;
        if (burst.kind != 1) fail("burst type (A3.4.1)", "not INCR");
        if (1u << burst.size != bytes_) fail("burst size (A3.4.1)", "not that of the port");
        if (burst.address % bytes_) fail("alignment", "an address between two beats");
        if (burst.address / 4096 != last / 4096)
            fail("4 kB boundary (A3.4.1)", std::to_string(bytes) + " bytes from " +
                                               std::to_string(burst.address));
    }

    void fail(const std::string& rule, const std::string& what) {
        if (fault.empty()) fault = rule + ": " + what + " in clock " + std::to_string(clock_);
    }

    uint32_t bytes_, beats_ = 0;
    uint64_t most_, outstanding_ = 0, clock_ = 0;
    Channel<Burst> read_, write_;
    Channel<Data> data_;
    std::deque<uint32_t> reads_, lengths_, written_;
};
