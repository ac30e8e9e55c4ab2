#include "control/store/state_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bgw::control {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int format_version = 1;
constexpr auto text_name = "committed.yaml";
constexpr auto history_name = "history.json";

using Done = tl::expected<void, std::string>;

tl::unexpected<std::string> failed(const char* what, const fs::path& path, int error) {
  return tl::unexpected(
      fmt::format("cannot {} {}: {}", what, path.string(), std::generic_category().message(error)));
}

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Done write_synced(const fs::path& path, std::string_view bytes) {
  const File file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640)};
  if (!file || !write_all(file.get(), bytes) || ::fsync(file.get()) != 0) {
    return failed("write", path, errno);
  }
  return {};
}

Done rename_file(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failed("replace", to, errno);
  return {};
}

tl::expected<std::string, std::string> read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) return failed("read", path, errno);
  return bytes;
}

fs::path beside(const fs::path& path) {
  return path.string() + ".new";
}

Json to_json(const StoredState& state) {
  Json gateways = Json::array();
  for (const auto& gateway : state.history.gateways) {
    Json arrivals = Json::array();
    for (const auto& arrival : gateway.arrivals) {
      arrivals.push_back({{"attachment", arrival.attachment},
                          {"prefix", arrival.prefix.to_string()},
                          {"batch", arrival.batch},
                          {"accepted", arrival.accepted}});
    }
    gateways.push_back({{"gateway", gateway.gateway}, {"arrivals", std::move(arrivals)}});
  }
  return {{"format", format_version},
          {"generation", state.generation},
          {"file", state.file},
          {"gateways", std::move(gateways)}};
}

Arrival arrival_from(const Json& json) {
  const auto prefix = config::IpPrefix::parse(json.at("prefix").get<std::string>());
  if (!prefix) throw std::invalid_argument(prefix.error());
  return {json.at("attachment").get<std::string>(), *prefix, json.at("batch").get<std::uint64_t>(),
          json.at("accepted").get<bool>()};
}

// Throws what nlohmann-json throws, or std::invalid_argument.
StoredState state_from(const std::string& bytes) {
  const auto json = Json::parse(bytes);
  if (const auto format = json.at("format").get<int>(); format != format_version) {
    throw std::invalid_argument(
        fmt::format("format {}, this version reads {}", format, format_version));
  }
  StoredState state;
  state.generation = json.at("generation").get<std::uint64_t>();
  state.file = json.at("file").get<std::string>();
  for (const auto& gateway : json.at("gateways")) {
    auto& history = state.history.gateways.emplace_back();
    history.gateway = gateway.at("gateway").get<std::string>();
    for (const auto& arrival : gateway.at("arrivals")) {
      history.arrivals.push_back(arrival_from(arrival));
    }
  }
  return state;
}

class StateDirectory final : public StateStore {
 public:
  StateDirectory(fs::path directory, File lock)
      : directory_(std::move(directory)), lock_(std::move(lock)) {}

  tl::expected<std::optional<StoredState>, std::string> load() override {
    const auto history = directory_ / history_name;
    const auto text = directory_ / text_name;
    std::error_code error;
    const bool has_text = fs::exists(text, error);
    if (error) return failed("read", text, error.value());
    const bool has_history = fs::exists(history, error);
    if (error) return failed("read", history, error.value());
    if (!has_history) {
      if (!has_text) return std::nullopt;
      return tl::unexpected(fmt::format(
          "{} is missing beside {}: put it back, or move {} away to start with an empty history",
          history.string(), text_name, text_name));
    }
    auto state = load_history(history);
    if (!state) return tl::unexpected(state.error());
    if (has_text) {
      auto bytes = read_file(text);
      if (!bytes) return tl::unexpected(bytes.error());
      state->text = std::move(*bytes);
    }
    return std::move(*state);
  }

  Done stage(const StoredState& state) override {
    const auto history = to_json(state).dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
    return write_synced(beside(directory_ / history_name), history).and_then([&] {
      return write_synced(beside(directory_ / text_name), state.text);
    });
  }

  Done promote() override {
    return promote(history_name).and_then([&] { return promote(text_name); }).and_then([&] {
      return sync_directory();
    });
  }

 private:
  static tl::expected<StoredState, std::string> load_history(const fs::path& path) {
    const auto bytes = read_file(path);
    if (!bytes) return tl::unexpected(bytes.error());
    try {
      return state_from(*bytes);
    } catch (const std::exception& error) {
      return tl::unexpected(fmt::format(
          "{} cannot be used ({}): restore it, or move it and {} away to start with an empty "
          "history",
          path.string(), error.what(), text_name));
    }
  }

  Done promote(const char* name) const {
    const auto path = directory_ / name;
    return rename_file(beside(path), path);
  }

  Done sync_directory() const {
    const File directory{::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!directory || ::fsync(directory.get()) != 0) return failed("sync", directory_, errno);
    return {};
  }

  fs::path directory_;
  File lock_;  // held for the store's life; the kernel releases it when the process dies
};

}  // namespace

tl::expected<std::unique_ptr<StateStore>, std::string> open_state_directory(
    const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return failed("create state directory", directory, error.value());
  const auto lock_path = fs::path(directory) / "lock";
  File lock{::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640)};
  if (!lock) return failed("write state directory: cannot open", lock_path, errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return tl::unexpected(fmt::format(
          "state directory {} is in use by another bgwd: give this one its own --state-dir",
          directory));
    }
    return failed("lock", lock_path, errno);
  }
  return std::make_unique<StateDirectory>(directory, std::move(lock));
}

}  // namespace bgw::control
