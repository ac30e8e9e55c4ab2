// Messages that wait to be sent over a byte stream. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "control/bgp/wire.h"

namespace bgw::control::bgp {

class SendQueue {
 public:
  // What is to be sent next; valid until the queue changes.
  Bytes bytes() const { return Bytes(bytes_).subspan(sent_); }
  std::size_t size() const { return bytes_.size() - sent_; }
  // So many of them have gone, size() at most.
  void sent(std::size_t count);
  // Whole messages are appended here, and nothing else is done to it.
  std::vector<std::uint8_t>& back() { return bytes_; }
  // Takes back the messages of which no byte has gone.
  void take_back();

 private:
  std::size_t message_end(std::size_t start) const;

  std::vector<std::uint8_t> bytes_;
  std::size_t sent_ = 0;
  std::size_t message_ = 0;  // where the message starts that isn't sent wholly
};

}  // namespace bgw::control::bgp
