// How often each client may do something.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>

namespace bgw::control {

// Some at once, and so many each second after that. Control thread only.
class ClientRates {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Rate {
    double at_once = 1;
    double each_second = 1;
  };

  explicit ClientRates(Rate rate) : rate_(rate) {}

  // In how many seconds it may; 0: now.
  unsigned wait(const std::string& client, TimePoint now);
  // The same, and if it may it has.
  unsigned take(const std::string& client, TimePoint now);

  static constexpr std::size_t most_clients = 4096;  // the others share one's part

 private:
  struct Bucket {
    double left = 0;
    TimePoint since{};
  };
  Bucket& filled(const std::string& client, TimePoint now);
  double left_at(const Bucket& bucket, TimePoint now) const;
  void forget_idle(TimePoint now);

  Rate rate_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace bgw::control
