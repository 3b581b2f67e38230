// Bytes in order, as the host's side of a simulated link keeps them.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

class Queue {
public:
    bool empty() const { return first_ == bytes_.size(); }
    std::size_t size() const { return bytes_.size() - first_; }
    uint8_t front() const { return bytes_[first_]; }
    void drop() {
        if (++first_ == bytes_.size()) {
            bytes_.clear();
            first_ = 0;
        }
    }
    void push(uint8_t byte) { bytes_.push_back(byte); }
    void push(const uint8_t* bytes, std::size_t count) {
        bytes_.insert(bytes_.end(), bytes, bytes + count);
    }
    std::size_t pop(uint8_t* to, std::size_t most) {
        const std::size_t count = most < size() ? most : size();
        std::memcpy(to, bytes_.data() + first_, count);
        first_ += count;
        if (empty()) {
            bytes_.clear();
            first_ = 0;
        }
        return count;
    }

private:
    std::vector<uint8_t> bytes_;
    std::size_t first_ = 0;
};
