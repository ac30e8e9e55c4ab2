#include "control/store/state_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "control/routes/route_update.h"
#include "control/store/arrival_changes.h"
#include "control/store/model_records.h"
#include "control/store/old_state.h"

namespace bgw::control {
namespace {

namespace fs = std::filesystem;

// The kernel releases it when the process dies.
class Lock {
 public:
  explicit Lock(int descriptor) : descriptor_(descriptor) {}
  ~Lock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Lock(Lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  int descriptor_;
};

class LockedStore final : public Store {
 public:
  LockedStore(Lock lock, std::unique_ptr<Store> store)
      : lock_(std::move(lock)), store_(std::move(store)) {}

  tl::expected<std::optional<Snapshot>, StoreError> load() override { return store_->load(); }
  tl::expected<Snapshot, StoreError> load(std::uint64_t generation) override {
    return store_->load(generation);
  }
  tl::expected<std::vector<GenerationInfo>, StoreError> list(std::size_t limit,
                                                             std::uint64_t before) override {
    return store_->list(limit, before);
  }
  tl::expected<void, StoreError> append(const GenerationDraft& draft) override {
    return store_->append(draft);
  }
  std::uint64_t newest() const override { return store_->newest(); }
  std::optional<std::string> trouble() const override { return store_->trouble(); }

 private:
  Lock lock_;
  std::unique_ptr<Store> store_;
};

tl::unexpected<std::string> failed(const char* what, const fs::path& path, int error) {
  return tl::unexpected(
      fmt::format("cannot {} {}: {}", what, path.string(), std::generic_category().message(error)));
}

// On a disk that is read-only, what is there is locked as it is, if need be the directory itself.
tl::expected<Lock, std::string> lock_directory(const fs::path& directory) {
  const auto path = directory / "lock";
  int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  const int why = errno;
  if (descriptor < 0) descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 && why == EROFS) {
    descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  if (descriptor < 0) return failed("write state directory: cannot open", path, errno);
  Lock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return failed("lock", path, errno);
  return tl::unexpected(
      fmt::format("state directory {} is in use by another bgwd: give this one its own --state-dir",
                  directory.string()));
}

// What was there before becomes the first generation of an empty store. Should the machine stop in
// between, the next start finds a store that isn't empty, and only has to set the files aside.
tl::expected<void, std::string> take_over(const std::string& directory, Store& store) {
  if (store.newest() != 0) {
    set_old_state_aside(directory);
    return {};
  }
  const auto old = read_old_state(directory);
  if (!old) return tl::unexpected(old.error());
  if (*old) {
    const auto now = std::chrono::system_clock::now();
    GenerationDraft draft;
    draft.info = {(*old)->generation, "bgwd", std::chrono::floor<std::chrono::milliseconds>(now),
                  "taken over from committed.yaml and history.json",
                  fmt::format("as committed from {}", (*old)->file)};
    RecordBook{}.add_changes({}, (*old)->model, draft.changes);
    // The history may be one commit ahead of the text; what follows from both is what will run.
    const auto history = history_of(compute_state((*old)->model, (*old)->history));
    add_arrival_changes({}, history, draft.changes);
    if (const auto stored = store.append(draft); !stored) {
      return tl::unexpected(
          fmt::format("cannot take over the state in {}: {}", directory, stored.error().message));
    }
  }
  set_old_state_aside(directory);
  return {};
}

}  // namespace

tl::expected<std::unique_ptr<Store>, std::string> open_state(const std::string& directory,
                                                             std::uint64_t keep) {
  if (directory.empty()) return make_memory_store(keep);
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return failed("create state directory", directory, error.value());
  auto lock = lock_directory(directory);
  if (!lock) return tl::unexpected(lock.error());
  SqliteOptions options;
  options.file = (fs::path(directory) / "generations.sqlite").string();
  options.witness = (fs::path(directory) / "acknowledged").string();
  options.keep = keep;
  options.remedy =
      fmt::format(", or move all of {} away and start anew with: bgwd --state-dir {} --config FILE",
                  directory, directory);
  auto store = open_sqlite_store(std::move(options));
  if (!store) return tl::unexpected(std::move(store.error().message));
  if (auto taken = take_over(directory, **store); !taken) return tl::unexpected(taken.error());
  return std::make_unique<LockedStore>(std::move(*lock), std::move(*store));
}

}  // namespace bgw::control
