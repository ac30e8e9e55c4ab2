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

tl::expected<StoredModel, StoreError> model_of(Snapshot snapshot, RecordBook* book = nullptr) {
  auto confirmation = take_confirmation(snapshot.records);
  if (!confirmation) return unreadable(snapshot.info.number, confirmation.error());
  auto read = read_model(snapshot.records);
  if (!read) return unreadable(snapshot.info.number, read.error());
  if (book != nullptr) *book = std::move(read->book);
  return StoredModel{std::move(snapshot.info), std::move(read->model), std::move(snapshot.history),
                     *confirmation};
}

}  // namespace

tl::expected<std::optional<StoredModel>, StoreError> ModelStore::load() {
  auto snapshot = store_.load();
  if (!snapshot) return tl::unexpected(std::move(snapshot.error()));
  if (!*snapshot) return std::nullopt;
  RecordBook book;
  auto stored = model_of(std::move(**snapshot), &book);
  if (!stored) return tl::unexpected(std::move(stored.error()));
  number_ = stored->info.number;
  model_ = stored->model;
  book_ = std::move(book);
  confirmation_ = stored->confirmation;
  return stored;
}

tl::expected<StoredModel, StoreError> ModelStore::load(std::uint64_t generation) const {
  return store_.load(generation).and_then([](Snapshot snapshot) {
    return model_of(std::move(snapshot));
  });
}

tl::expected<void, StoreError> ModelStore::append(const GenerationInfo& info,
                                                  const config::ValidModel& model,
                                                  const std::vector<ArrivalChange>& arrivals,
                                                  const std::optional<Confirmation>& confirmation) {
  GenerationDraft draft{number_, info, {}};
  auto book = book_.add_changes(model_, model, draft.changes);
  add_confirmation(confirmation_, confirmation, draft.changes);
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
  confirmation_ = confirmation;
  return {};
}

}  // namespace bgw::control
