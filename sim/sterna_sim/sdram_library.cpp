// The SDRAM model alone, a clock at a time, for tests of the controller in Amaranth's simulator.

#include "sdram_memory.h"

extern "C" {

Sdram* sterna_sdram_create(const SdramSheet* sheet, uint64_t seed) { return new Sdram(*sheet, seed); }
void sterna_sdram_destroy(Sdram* sdram) { delete sdram; }
void sterna_sdram_write(Sdram* sdram, uint64_t first, const uint8_t* bytes, uint64_t count) {
    sdram->write(first, bytes, count);
}
void sterna_sdram_read(Sdram* sdram, uint64_t first, uint8_t* bytes, uint64_t count) {
    std::memcpy(bytes, sdram->contents() + first, count);
}
uint32_t sterna_sdram_data(Sdram* sdram) { return sdram->data_in(); }
// `controls`: RAS#, CAS#, WE#, data driven, from the lowest bit.
void sterna_sdram_clock(Sdram* sdram, uint32_t controls, uint32_t bank, uint32_t address,
                        uint32_t data) {
    sdram->end_clock({bool(controls & 1), bool(controls & 2), bool(controls & 4),
                      bool(controls & 8), bank, address, data});
}
const char* sterna_sdram_fault(Sdram* sdram) { return sdram->fault.c_str(); }
uint64_t sterna_sdram_refreshes(Sdram* sdram) { return sdram->refreshes; }
uint64_t sterna_sdram_beats(Sdram* sdram) { return sdram->beats; }

}
