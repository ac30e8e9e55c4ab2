// Generations of models, kept in any store.
#pragma once

#include <optional>
#include <vector>

#include <tl/expected.hpp>

#include "config/valid_model.h"
#include "control/routes/compute_routes.h"
#include "control/routes/route_update.h"
#include "control/store/confirmation.h"
#include "control/store/model_records.h"
#include "control/store/store.h"

namespace bgw::control {

struct StoredModel {
  GenerationInfo info;
  config::ValidModel model;
  History history;
  std::optional<Confirmation> confirmation{};  // that it waits for
};

// One call at a time, from any thread; const members may be called beside others.
class ModelStore {
 public:
  // The store must outlive it. To append, load() first.
  explicit ModelStore(Store& store) : store_(store) {}

  // The newest generation; nothing if there never was any.
  tl::expected<std::optional<StoredModel>, StoreError> load();
  // An older one.
  tl::expected<StoredModel, StoreError> load(std::uint64_t generation) const;

  // As Store::list().
  tl::expected<std::vector<GenerationInfo>, StoreError> list(std::size_t limit,
                                                             std::uint64_t before = 0) const {
    return store_.list(limit, before);
  }

  // Makes `model` the next generation, with the number that `info` says: one more than what was
  // loaded or appended last. What it has in common with that is neither written nor made into JSON.
  // `arrivals` is what changes of them, `confirmation` what it waits for.
  tl::expected<void, StoreError> append(const GenerationInfo& info, const config::ValidModel& model,
                                        const std::vector<ArrivalChange>& arrivals,
                                        const std::optional<Confirmation>& confirmation = {});

  const Store& store() const { return store_; }

 private:
  Store& store_;
  // Of the newest generation.
  std::uint64_t number_ = 0;
  config::ValidModel model_;
  RecordBook book_;
  std::optional<Confirmation> confirmation_;
};

}  // namespace bgw::control
