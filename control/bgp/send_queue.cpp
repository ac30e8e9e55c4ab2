#include "control/bgp/send_queue.h"

#include <algorithm>
#include <cassert>

namespace bgw::control::bgp {
namespace {

constexpr std::size_t length_at = 16;  // in a message's header
constexpr std::size_t worth_moving = 65536;

}  // namespace

std::size_t SendQueue::message_end(std::size_t start) const {
  return start + Reader(Bytes(bytes_).subspan(start + length_at)).u16();
}

void SendQueue::sent(std::size_t count) {
  assert(count <= size());
  sent_ += std::min(count, size());
  while (message_ < bytes_.size() && message_end(message_) <= sent_)
    message_ = message_end(message_);
  if (sent_ < bytes_.size() && (sent_ < worth_moving || sent_ < size())) return;
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(message_));
  sent_ -= message_;
  message_ = 0;
}

void SendQueue::take_back() {
  bytes_.resize(message_ < sent_ ? message_end(message_) : sent_);
}

}  // namespace bgw::control::bgp
