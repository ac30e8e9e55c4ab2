#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include "lpm/arena.h"
#include "lpm/rib.h"
#include "lpm/trie.h"

namespace bgw::lpm {
namespace {

// Windows up to this size are not worth asking whether a coarser first stage would do.
constexpr std::size_t small_window_bytes = 4096;

bool is_valid(std::uint32_t address, unsigned length) {
  return length <= 32 && (length == 32 || (address & (~std::uint32_t{0} >> length)) == 0);
}
bool is_valid(const Ipv4Route& route) {
  return is_valid(route.address, route.length) && route.value <= max_value;
}

// A trie with all routes that `visit_routes(visit)` visits, while visit() returns true.
template <typename VisitRoutes>
std::optional<Trie> make_trie(Blocks& blocks, const Window& window, VisitRoutes visit_routes) {
  Trie trie(blocks);
  if (window.size == 0) return trie;
  if (!trie.move_window(window)) return std::nullopt;
  bool complete = true;
  visit_routes([&](const Ipv4Route& route) {
    if (complete && route.length > 0) complete = trie.insert(route);
  });
  if (!complete) return std::nullopt;
  return trie;
}

}  // namespace

const char* to_string(Error error) {
  switch (error) {
    case Error::arena_full:
      return "no memory left for route tables";
    case Error::too_many:
      return "the table's route limit is reached";
    case Error::not_found:
      return "no such route";
    case Error::bad_route:
      return "host bits set, length beyond 32, or value beyond 24 bits";
  }
  return "unknown error";
}

struct Ipv4Table::Impl {
  Impl(Blocks& arena_blocks, Options table_options)
      : blocks(arena_blocks), options(table_options), trie(arena_blocks) {}

  std::size_t count() const { return rib.size() + (default_route ? 1 : 0); }
  TableDescriptor descriptor() const {
    const Window& window = trie.window();
    return {trie.root_index(), window.low, window.size, window.shift,
            default_route.value_or(options.none)};
  }
  Coverage coverage() const {
    Coverage result;
    rib.for_each([&](const Ipv4Route& route) { result.add(route); });
    return result;
  }

  tl::expected<void, Error> fill(std::span<const Ipv4Route> routes);
  tl::expected<void, Error> add(const Ipv4Route& route);
  tl::expected<void, Error> add_new(const Ipv4Route& route);
  tl::expected<void, Error> remove(std::uint32_t address, unsigned length);
  bool add_beyond_window(const Ipv4Route& route);
  void refine();
  bool rebuild(const Window& window, const Ipv4Route* one_more);

  Blocks& blocks;
  Options options;
  std::optional<Value> default_route;
  Rib rib;
  Trie trie;
  std::size_t refine_at = 0;  // routes at which to ask again whether a finer first stage pays
};

tl::expected<void, Error> Ipv4Table::Impl::fill(std::span<const Ipv4Route> routes) {
  rib.reserve(std::min(routes.size(), options.max_routes));
  Coverage coverage;
  for (const Ipv4Route& route : routes) {
    if (!is_valid(route)) return tl::unexpected(Error::bad_route);
    const bool known = route.length == 0 ? default_route.has_value()
                                         : rib.find(route.address, route.length).has_value();
    if (!known && count() >= options.max_routes) return tl::unexpected(Error::too_many);
    if (route.length == 0) {
      default_route = route.value;
    } else {
      rib.assign(route.address, route.length, route.value);
      coverage.add(route);
    }
  }
  auto built = make_trie(blocks, coverage.window(coverage.best_shift()),
                         [&](auto visit) { std::ranges::for_each(routes, visit); });
  if (!built) return tl::unexpected(Error::arena_full);
  trie = std::move(*built);
  trie.publish();
  refine_at = 2 * rib.size();
  return {};
}

tl::expected<void, Error> Ipv4Table::Impl::add(const Ipv4Route& route) {
  if (!is_valid(route)) return tl::unexpected(Error::bad_route);
  if (route.length == 0) {
    if (!default_route && count() >= options.max_routes) return tl::unexpected(Error::too_many);
    default_route = route.value;
    return {};
  }
  const std::optional<Value> known = rib.find(route.address, route.length);
  if (!known) return add_new(route);
  if (*known == route.value) return {};
  if (!trie.insert(route)) return tl::unexpected(Error::arena_full);
  rib.assign(route.address, route.length, route.value);
  return {};
}

// Everything that can fail comes first, and the RIB's note of the route last.
tl::expected<void, Error> Ipv4Table::Impl::add_new(const Ipv4Route& route) {
  if (count() >= options.max_routes) return tl::unexpected(Error::too_many);
  try {
    rib.reserve(rib.size() + 1);
  } catch (const std::bad_alloc&) {
    return tl::unexpected(Error::arena_full);
  }
  const bool done = trie.window().covers(route) ? trie.insert(route) : add_beyond_window(route);
  if (!done) return tl::unexpected(Error::arena_full);
  rib.assign(route.address, route.length, route.value);
  if (trie.window().shift > 8 && rib.size() >= refine_at) refine();
  return {};
}

bool Ipv4Table::Impl::add_beyond_window(const Ipv4Route& route) {
  const Window wider = grown(trie.window(), route);
  if (wider.size * sizeof(Entry) > small_window_bytes) {
    Coverage wanted = coverage();
    wanted.add(route);
    const unsigned shift = wanted.best_shift();
    if (shift > wider.shift && rebuild(wanted.window(shift), &route)) return true;
  }
  return trie.move_window_and_insert(wider, route);
}

// A coarse table that has become dense gets a finer first stage. Asked only when the routes have
// doubled, so that the cost per added route stays constant; coarsening is bound to the doubling of
// windows likewise.
void Ipv4Table::Impl::refine() {
  const Coverage present = coverage();
  const unsigned shift = present.best_shift();
  if (shift < trie.window().shift) rebuild(present.window(shift), nullptr);
  refine_at = 2 * rib.size();
}

// False when there is no memory; the table goes on as it was then.
bool Ipv4Table::Impl::rebuild(const Window& window, const Ipv4Route* one_more) {
  auto rebuilt = make_trie(blocks, window, [&](auto visit) {
    rib.for_each(visit);
    if (one_more != nullptr) visit(*one_more);
  });
  if (!rebuilt) return false;
  trie = std::move(*rebuilt);  // the old one is retired as `rebuilt` ends
  trie.publish();
  refine_at = 2 * rib.size();
  return true;
}

tl::expected<void, Error> Ipv4Table::Impl::remove(std::uint32_t address, unsigned length) {
  if (!is_valid(address, length)) return tl::unexpected(Error::bad_route);
  if (length == 0) {
    if (!default_route) return tl::unexpected(Error::not_found);
    default_route.reset();
    return {};
  }
  if (!rib.find(address, length)) return tl::unexpected(Error::not_found);
  trie.erase(address, length, rib.parent(address, length));
  rib.erase(address, length);
  return {};
}

tl::expected<Ipv4Table, Error> Ipv4Table::build(Arena& arena, std::span<const Ipv4Route> routes,
                                                Options options) {
  try {
    auto impl = std::make_unique<Impl>(arena.impl_->blocks, options);
    if (const auto filled = impl->fill(routes); !filled) return tl::unexpected(filled.error());
    return Ipv4Table(std::move(impl));
  } catch (const std::bad_alloc&) {
    return tl::unexpected(Error::arena_full);
  }
}

Ipv4Table::Ipv4Table(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Ipv4Table::Ipv4Table(Ipv4Table&& other) noexcept = default;
Ipv4Table& Ipv4Table::operator=(Ipv4Table&& other) noexcept = default;
Ipv4Table::~Ipv4Table() = default;

TableDescriptor Ipv4Table::descriptor() const noexcept {
  return impl_->descriptor();
}

tl::expected<void, Error> Ipv4Table::add(const Ipv4Route& route, bool* republish) {
  const TableDescriptor before = impl_->descriptor();
  const auto result = impl_->add(route);
  if (impl_->descriptor() != before) *republish = true;
  return result;
}

tl::expected<void, Error> Ipv4Table::remove(std::uint32_t address, std::uint8_t length,
                                            bool* republish) {
  const TableDescriptor before = impl_->descriptor();
  const auto result = impl_->remove(address, length);
  if (impl_->descriptor() != before) *republish = true;
  return result;
}

std::size_t Ipv4Table::route_count() const noexcept {
  return impl_->count();
}
std::size_t Ipv4Table::used_bytes() const noexcept {
  return impl_->trie.used_bytes();
}
std::size_t Ipv4Table::rib_bytes() const noexcept {
  return impl_->rib.bytes();
}

}  // namespace bgw::lpm
