#include "dataplane/exchange/publication.h"

#include <utility>

namespace bgw::dataplane {

Publication::Publication(Rcu& rcu)
    : rcu_(rcu), live_(nullptr), owned_(std::make_unique<FibSnapshot>()) {
  live_.store(owned_.get(), std::memory_order_release);
}

Publication::~Publication() = default;

bool Publication::publish(std::unique_ptr<const FibSnapshot> fib, std::chrono::milliseconds limit) {
  retired_.reserve(retired_.size() + 1);  // nothing may fail once workers see `fib`
  live_.store(fib.get(), std::memory_order_release);
  const Rcu::Token token = rcu_.start();
  retired_.push_back({token, std::exchange(owned_, std::move(fib))});
  const bool passed = rcu_.wait(token, limit);
  std::erase_if(retired_, [this](const Retired& old) { return rcu_.passed(old.token); });
  return passed;
}

}  // namespace bgw::dataplane
