#include "control/store/model_store.h"

#include <utility>

#include <fmt/format.h>

namespace bgw::control {
namespace {

tl::unexpected<StoreError> unreadable(std::uint64_t generation, const std::string& why) {
  return tl::unexpected(StoreError{
      StoreFault::damaged, fmt::format("stored generation {} cannot be used: {}; it was written by "
                                       "another version of bgwd, or not by bgwd: nothing of it was "
                                       "changed",
                                       generation, why)});
}

}  // namespace

tl::expected<std::optional<StoredModel>, StoreError> ModelStore::load() {
  auto snapshot = store_.load();
  if (!snapshot) return tl::unexpected(std::move(snapshot.error()));
  if (!*snapshot) return std::nullopt;
  auto read = read_model((*snapshot)->records);
  if (!read) return unreadable((*snapshot)->info.number, read.error());
  number_ = (*snapshot)->info.number;
  model_ = read->model;
  book_ = std::move(read->book);
  return StoredModel{std::move((*snapshot)->info), std::move(read->model),
                     std::move((*snapshot)->history)};
}

tl::expected<StoredModel, StoreError> ModelStore::load(std::uint64_t generation) const {
  auto snapshot = store_.load(generation);
  if (!snapshot) return tl::unexpected(std::move(snapshot.error()));
  auto read = read_model(snapshot->records);
  if (!read) return unreadable(generation, read.error());
  return StoredModel{std::move(snapshot->info), std::move(read->model),
                     std::move(snapshot->history)};
}

tl::expected<void, StoreError> ModelStore::append(const GenerationInfo& info,
                                                  const config::ValidModel& model,
                                                  const std::vector<ArrivalChange>& arrivals) {
  GenerationDraft draft{number_, info, {}};
  auto book = book_.add_changes(model_, model, draft.changes);
  for (const ArrivalChange& change : arrivals) {
    for (const Arrival& gone : change.removed) {
      draft.changes.arrivals_removed.push_back({change.gateway, gone});
    }
    for (const Arrival& put : change.put) {
      draft.changes.arrivals_put.push_back({change.gateway, put});
    }
  }
  auto appended = store_.append(draft);
  if (!appended) return appended;
  number_ = info.number;
  model_ = model;
  book_ = std::move(book);
  return {};
}

}  // namespace bgw::control
