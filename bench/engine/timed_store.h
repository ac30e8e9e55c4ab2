// A store that says how long it took to make the last generation durable.
#pragma once

#include <memory>
#include <utility>

#include "bench/engine/stopwatch.h"
#include "control/store/store.h"

namespace bgw::bench {

class TimedStore final : public control::Store {
 public:
  template <typename T>
  using Result = tl::expected<T, control::StoreError>;

  explicit TimedStore(std::unique_ptr<control::Store> store) : store_(std::move(store)) {}

  // Of the last append(). For the thread that called it, or one that was told since.
  double append_ms() const { return append_ms_; }

  Result<std::optional<control::Snapshot>> load() override { return store_->load(); }
  Result<control::Snapshot> load(std::uint64_t generation) override {
    return store_->load(generation);
  }
  Result<std::vector<control::GenerationInfo>> list(std::size_t limit,
                                                    std::uint64_t before) override {
    return store_->list(limit, before);
  }
  Result<void> append(const control::GenerationDraft& draft) override {
    const Stopwatch watch;
    auto appended = store_->append(draft);
    append_ms_ = watch.ms();
    return appended;
  }
  std::uint64_t newest() const override { return store_->newest(); }
  std::optional<std::string> trouble() const override { return store_->trouble(); }

 private:
  std::unique_ptr<control::Store> store_;
  double append_ms_ = 0;
};

}  // namespace bgw::bench
