// A policer in one word per bucket.
#pragma once

#include <cstdint>

namespace bgw::dataplane {

// Rate and burst in ticks of the clock that buckets are asked by.
struct BucketRate {
  std::uint64_t ticks_per_token = 0;
  std::uint64_t ticks_per_burst = 0;

  static constexpr BucketRate of(std::uint64_t tokens_per_second, std::uint64_t burst,
                                 std::uint64_t ticks_per_second) {
    const std::uint64_t per_token = ticks_per_second / tokens_per_second;
    return {per_token, per_token * burst};
  }
};

// The generic cell rate algorithm (ITU-T I.371), which is a token bucket without a refill to
// compute: the bucket remembers when it will be full again.
class TokenBucket {
 public:
  constexpr bool has_token(const BucketRate& rate, std::uint64_t now) const noexcept {
    return full_at_ <= now || full_at_ - now + rate.ticks_per_token <= rate.ticks_per_burst;
  }
  constexpr void take(const BucketRate& rate, std::uint64_t now) noexcept {
    full_at_ = (full_at_ <= now ? now : full_at_) + rate.ticks_per_token;
  }

 private:
  std::uint64_t full_at_ = 0;
};

}  // namespace bgw::dataplane
