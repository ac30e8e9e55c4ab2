// A policer in one word per bucket.
#pragma once

#include <cstdint>

namespace bgw::dataplane {

// Rate and burst in ticks of the clock that buckets are asked by: a worker's TSC, nanoseconds in
// control. Of a rate of 0 there is never a token.
struct BucketRate {
  std::uint64_t ticks_per_token = 0;
  std::uint64_t ticks_per_burst = 0;

  static constexpr BucketRate of(std::uint64_t tokens_per_second, std::uint64_t burst,
                                 std::uint64_t ticks_per_second) {
    if (tokens_per_second == 0) return {1, 0};
    const std::uint64_t per_token = ticks_per_second / tokens_per_second;
    return {per_token, per_token * burst};
  }
};

// The generic cell rate algorithm (ITU-T I.371), which is a token bucket without a refill to
// compute: the bucket remembers when it will be full again. `now` must not run backwards. One
// thread.
class TokenBucket {
 public:
  constexpr bool has_token(const BucketRate& rate, std::uint64_t now) const noexcept {
    const std::uint64_t missing = full_at_ <= now ? 0 : full_at_ - now;
    return missing + rate.ticks_per_token <= rate.ticks_per_burst;
  }
  constexpr void take(const BucketRate& rate, std::uint64_t now) noexcept {
    full_at_ = (full_at_ <= now ? now : full_at_) + rate.ticks_per_token;
  }
  // A token, if there is one.
  constexpr bool try_take(const BucketRate& rate, std::uint64_t now) noexcept {
    if (!has_token(rate, now)) return false;
    take(rate, now);
    return true;
  }

 private:
  std::uint64_t full_at_ = 0;
};

}  // namespace bgw::dataplane
