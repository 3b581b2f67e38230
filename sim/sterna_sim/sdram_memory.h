// An SDR SDRAM beside the simulated hardware, which checks every command against the data sheet.
//
// Times are checked in picoseconds, not in clocks. The part samples its pins once a clock; commands
// and data pass a register each on the way, so the first beat of a READ that leaves the controller in
// clock t is at its data input in clock t + CAS latency + 2. Data that nobody drives are random, as
// are contents before they are written. The first violation is kept as a sentence that begins with
// the name of the parameter, and ends the run.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

// Order of the fields: sterna_sim.memory.sdram.SdramChip.values.
struct SdramSheet {
    uint64_t bits, bank_bits, row_bits, column_bits;
    uint64_t period, least_period, cas_latency;
    uint64_t t_rcd, t_rp, t_ras, t_ras_most, t_rc, t_rrd, t_rfc, t_wr;
    uint64_t mode_clocks, refreshes, retention, power_up, initial_refreshes;
};

struct SdramPins {
    bool ras_n, cas_n, we_n, drive;
    uint32_t bank, address, data;
};

class Sdram {
public:
    Sdram(const SdramSheet& sheet, uint64_t seed)
        : sheet_(sheet), state_((seed + 1) * 0x9E3779B97F4A7C15ull),
          banks_(1u << sheet.bank_bits), bytes_(sheet.bits / 8),
          data_((bytes_ << (sheet.bank_bits + sheet.row_bits + sheet.column_bits)) + 8),
          refreshed_(sheet.refreshes) {
        for (std::size_t place = 0; place + 8 <= data_.size(); place += 8) {
            const uint64_t value = random();
            std::memcpy(&data_[place], &value, 8);
        }
    }

    std::string fault;
    uint64_t beats = 0;
    uint64_t refreshes = 0;

    void write(uint64_t first, const uint8_t* bytes, uint64_t count) {
        std::memcpy(&data_[first], bytes, count);
    }
    const uint8_t* contents() const { return data_.data(); }

    // What the controller's input register holds in this clock.
    uint32_t data_in() {
        const Slot& slot = slots_[clock_ % SLOTS];
        return slot.clock == clock_ && slot.valid ? slot.data
            : uint32_t(random()) & uint32_t((1ull << sheet_.bits) - 1);
    }

    // The end of a clock: what the controller put on its outputs.
    void end_clock(const SdramPins& pins) {
        const unsigned code = pins.we_n << 2 | pins.cas_n << 1 | pins.ras_n;
        if (code != 7) {
            if (time() < sheet_.power_up) fail("power-up time", "a command");
            if (code != 0 || mode_set_) check_since("tMRD", mode_at_, mode_clocks(), "a command");
        }
        bool wrote = false;
        switch (code) {
        case 6: activate(pins.bank, pins.address); break;
        case 5: begin_read(pins); break;
        case 1: wrote = true; store(pins); break;
        case 2: precharge(pins); break;
        case 4: refresh(); break;
        case 0: set_mode(pins.address); break;
        case 3: fail("command", "burst terminate is not modelled:"); break;
        default: break;
        }
        if (pins.drive != wrote) fail("data bus", wrote ? "a write without data" : "driven outside writes");
        read_beat();
        if (pins.drive && (driven(clock_ - 1) || driven(clock_) || driven(clock_ + 1)))
            fail("data bus", "both sides drive");
        check_open_rows();
        check_refreshes();
        ++clock_;
    }

private:
    static constexpr unsigned SLOTS = 64;
    static constexpr uint64_t PIN_CLOCKS = 2, NEVER = ~0ull;
    // Data sheets give the time from the last data in to a precharge in clocks; see sdram_sheets.py.
    static constexpr uint64_t WRITE_RECOVERY_CLOCKS = 2;
    struct Slot { uint64_t clock = NEVER; bool valid = false; uint32_t data = 0; };
    struct Bank {
        bool open = false;
        uint32_t row = 0;
        uint64_t activated = NEVER, precharged = NEVER, written = NEVER;
    };

    uint64_t random() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return state_;
    }
    uint64_t time() const { return clock_ * sheet_.period; }
    uint64_t mode_clocks() const { return sheet_.mode_clocks * sheet_.period; }
    uint64_t write_recovery() const {
        return std::max(sheet_.t_wr, WRITE_RECOVERY_CLOCKS * sheet_.period);
    }

    void fail(const std::string& parameter, const std::string& what) {
        if (fault.empty()) fault = parameter + ": " + what + " in clock " + std::to_string(clock_);
    }
    // What costs contents is a fault when they are used before the next initialisation: a controller
    // that is reset waits for the time of a power up.
    void lose(const std::string& parameter, const std::string& what) {
        if (lost_.empty()) lost_ = parameter + ": " + what + " in clock " + std::to_string(clock_);
    }
    void check_since(const char* parameter, uint64_t from, uint64_t least, const char* what) {
        if (from != NEVER && time() - from < least)
            fail(parameter, std::string(what) + " after " + std::to_string((time() - from) / 1000) +
                 " ns instead of " + std::to_string(least / 1000));
    }
    bool driven(uint64_t edge) const {
        const Slot& slot = slots_[(edge + PIN_CLOCKS) % SLOTS];
        return slot.valid && slot.clock == edge + PIN_CLOCKS;
    }

    void use_contents() {
        if (fault.empty()) fault = lost_;
    }

    void activate(uint32_t number, uint32_t row) {
        Bank& bank = banks_[number];
        if (!mode_set_) fail("initialisation", "an activation before the mode was set");
        use_contents();
        if (bank.open) fail("open row", "an activation of a bank that is open");
        check_since("tRP", bank.precharged, sheet_.t_rp, "an activation");
        check_since("tRC", bank.activated, sheet_.t_rc, "an activation");
        check_since("tRRD", activated_, sheet_.t_rrd, "an activation");
        check_since("tRFC", refreshed_at_, sheet_.t_rfc, "an activation");
        bank.open = true;
        bank.row = row & ((1u << sheet_.row_bits) - 1);
        bank.activated = activated_ = time();
        bank.written = NEVER;
    }

    uint64_t place(const SdramPins& pins) {
        Bank& bank = banks_[pins.bank];
        use_contents();
        if (pins.address & 1u << 10) fail("command", "automatic precharge is not modelled:");
        if (!bank.open) fail("closed row", "an access to a bank that is not open");
        check_since("tRCD", bank.activated, sheet_.t_rcd, "an access");
        const uint64_t column = pins.address & ((1u << sheet_.column_bits) - 1);
        return ((uint64_t(bank.row) << sheet_.bank_bits | pins.bank) << sheet_.column_bits) | column;
    }

    void begin_read(const SdramPins& pins) {
        read_place_ = place(pins);
        read_bank_ = pins.bank;
        read_left_ = burst_;
        read_index_ = 0;
    }

    void read_beat() {
        if (read_left_ == 0) return;
        const uint64_t wrapped = (read_place_ & ~uint64_t(burst_ - 1)) |
            ((read_place_ + read_index_) & (burst_ - 1));
        Slot& slot = slots_[(clock_ + latency_ + PIN_CLOCKS) % SLOTS];
        slot.clock = clock_ + latency_ + PIN_CLOCKS;
        slot.valid = true;
        slot.data = 0;
        std::memcpy(&slot.data, &data_[wrapped * bytes_], bytes_);
        ++read_index_;
        --read_left_;
        ++beats;
    }

    void store(const SdramPins& pins) {
        if (!single_writes_) fail("mode", "a write burst is not modelled:");
        const uint64_t at = place(pins);
        std::memcpy(&data_[at * bytes_], &pins.data, bytes_);
        banks_[pins.bank].written = time();
        read_left_ = 0;
    }

    void precharge(const SdramPins& pins) {
        for (uint32_t number = 0; number < banks_.size(); ++number) {
            Bank& bank = banks_[number];
            if (!(pins.address & 1u << 10) && number != pins.bank) continue;
            if (bank.open) {
                check_since("tRAS", bank.activated, sheet_.t_ras, "a precharge");
                check_since("tWR", bank.written, write_recovery(), "a precharge");
                bank.precharged = time();
            }
            bank.open = false;
            if (read_bank_ == number) read_left_ = 0;
        }
        if (refreshed_at_ != NEVER) check_since("tRFC", refreshed_at_, sheet_.t_rfc, "a precharge");
        if (pins.address & 1u << 10) precharged_all_ = true;
    }

    void all_closed(const char* what) {
        if (!precharged_all_) fail("initialisation", std::string(what) + " before a precharge");
        for (const Bank& bank : banks_) {
            if (bank.open) fail("open row", std::string(what) + " while a bank is open");
            check_since("tRP", bank.precharged, sheet_.t_rp, what);
        }
        check_since("tRFC", refreshed_at_, sheet_.t_rfc, what);
    }

    void refresh() {
        all_closed("a refresh");
        refreshed_at_ = time();
        if (mode_set_) refreshed_[refreshes++ % refreshed_.size()] = time();
        else ++first_refreshes_;
    }

    void set_mode(uint32_t address) {
        all_closed("a mode");
        if (first_refreshes_ < sheet_.initial_refreshes)
            fail("initialisation", "a mode after too few refreshes");
        burst_ = 1u << (address & 7);
        latency_ = address >> 4 & 7;
        single_writes_ = address >> 9 & 1;
        if ((address & 7) > 3 || address & 8) fail("mode", "an order of bursts that is not modelled");
        if (latency_ < sheet_.cas_latency || sheet_.period < sheet_.least_period)
            fail("CAS latency", "too short for the clock, set");
        mode_set_ = true;
        mode_at_ = ready_at_ = time();
        refreshes = 0;
        lost_.clear();
    }

    void check_open_rows() {
        for (const Bank& bank : banks_)
            if (bank.open && time() - bank.activated > sheet_.t_ras_most)
                lose("tRAS", "a row is open for too long");
    }

    // Enough refreshes in every retention time, and never more than eight put off, which shows in
    // runs that are shorter.
    void check_refreshes() {
        if (!mode_set_) return;
        const std::size_t due = refreshed_.size();
        const uint64_t oldest = refreshes < due ? ready_at_ : refreshed_[refreshes % due];
        if (time() - oldest > sheet_.retention) lose("refresh count", "a row has lost its charge");
        const uint64_t expected = (time() - ready_at_) / (sheet_.retention / due);
        if (expected > refreshes + 9) lose("refresh interval", "more than eight are put off");
    }

    std::string lost_;
    const SdramSheet sheet_;
    uint64_t state_;
    std::vector<Bank> banks_;
    const uint64_t bytes_;
    std::vector<uint8_t> data_;
    std::vector<uint64_t> refreshed_;
    Slot slots_[SLOTS];
    uint64_t clock_ = 1;
    uint64_t activated_ = NEVER, refreshed_at_ = NEVER, mode_at_ = NEVER, ready_at_ = 0;
    bool mode_set_ = false, single_writes_ = false, precharged_all_ = false;
    unsigned burst_ = 1, latency_ = 3, first_refreshes_ = 0;
    uint32_t read_bank_ = 0;
    uint64_t read_place_ = 0;
    unsigned read_left_ = 0, read_index_ = 0;
};
