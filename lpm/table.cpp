#include <algorithm>
#include <cassert>
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

template <typename Address>
bool is_valid(const Route<Address>& route) {
  return is_prefix(route.address, route.length) && route.value <= max_value;
}

template <typename Address>
std::optional<Trie<Address>> make_trie(Blocks& blocks, const Window<Address>& window,
                                       std::span<const Route<Address>> routes) {
  Trie<Address> trie(blocks);
  if (window.size == 0) return trie;
  if (!trie.move_window(window)) return std::nullopt;
  for (const Route<Address>& route : routes) {
    if (route.length > 0 && !trie.insert(route)) return std::nullopt;
  }
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
      return "host bits set, length beyond the address, or value beyond 2^24 - 2";
  }
  return "unknown error";
}

template <typename Address>
struct Table<Address>::Impl {
  using AnyRoute = Route<Address>;
  using Done = tl::expected<void, Error>;

  Impl(Blocks& arena_blocks, Options table_options)
      : blocks(arena_blocks), options(table_options), trie(arena_blocks) {}
  ~Impl() {
    if (before) revert();
  }

  std::size_t count() const { return rib.size() + (default_route ? 1 : 0); }
  std::optional<Value> find(Address address, unsigned length) const {
    return length == 0 ? default_route : rib.find(address, length);
  }
  TableDescriptor<Address> descriptor() const;

  Done fill(std::span<const AnyRoute> routes);
  Done add(const AnyRoute& route);
  Done add_new(const AnyRoute& route);
  Done remove(Address address, unsigned length);
  bool add_beyond_window(const AnyRoute& route);
  void refine();
  bool rebuild(const Window<Address>& window, std::span<const AnyRoute> routes);

  // What an open version must be able to take back.
  struct Before {
    struct Changed {
      Address address;
      std::uint8_t length;
      std::optional<Value> value;  // before; nothing: there was no such route
    };
    std::optional<Value> default_route;
    std::size_t refine_at = 0;
    std::vector<Changed> changed;
    std::optional<Trie<Address>> trie;  // once the version has built one of its own
  };
  bool note_change(Address address, unsigned length, std::optional<Value> before);
  Done failed(Error error);
  void open();
  void keep() noexcept;
  void revert() noexcept;

  Blocks& blocks;
  Options options;
  std::optional<Value> default_route;
  Rib<Address> rib;
  Trie<Address> trie;
  std::size_t refine_at = 0;  // routes at which to ask again whether a finer first stage pays
  std::optional<Before> before;
};

template <typename Address>
TableDescriptor<Address> Table<Address>::Impl::descriptor() const {
  const Window<Address>& window = trie.window();
  TableDescriptor<Address> result;
  result.low = window.low;
  result.root = trie.root();
  result.size = window.size;
  result.fallback = default_route.value_or(options.none) & ((1u << value_bits) - 1);
  result.shift = window.shift() & 0xff;
  return result;
}

template <typename Address>
auto Table<Address>::Impl::fill(std::span<const AnyRoute> routes) -> Done {
  rib.reserve(std::min(routes.size(), options.max_routes));
  for (const AnyRoute& route : routes) {
    if (!is_valid(route)) return tl::unexpected(Error::bad_route);
    const bool known = find(route.address, route.length).has_value();
    if (!known && count() >= options.max_routes) return tl::unexpected(Error::too_many);
    if (route.length == 0) {
      default_route = route.value;
    } else {
      rib.assign(route.address, route.length, route.value);
    }
  }
  const auto window = window_for(std::vector<AnyRoute>(routes.begin(), routes.end()));
  auto built = make_trie(blocks, window, routes);
  if (!built) return tl::unexpected(Error::arena_full);
  trie = std::move(*built);
  trie.publish();
  refine_at = 2 * rib.size();
  return {};
}

// Everything that can fail comes first, and the RIB's note of the route last.
template <typename Address>
auto Table<Address>::Impl::add(const AnyRoute& route) -> Done {
  if (!is_valid(route)) return tl::unexpected(Error::bad_route);
  const std::optional<Value> known = find(route.address, route.length);
  if (known == route.value) return {};
  if (!known && count() >= options.max_routes) return tl::unexpected(Error::too_many);
  if (route.length == 0) {
    default_route = route.value;
    return {};
  }
  if (!note_change(route.address, route.length, known)) return failed(Error::arena_full);
  if (!known) return add_new(route);
  if (!trie.insert(route)) return failed(Error::arena_full);
  rib.assign(route.address, route.length, route.value);
  return {};
}

template <typename Address>
auto Table<Address>::Impl::add_new(const AnyRoute& route) -> Done {
  try {
    rib.reserve(rib.size() + 1);
    const bool done = trie.window().covers(route) ? trie.insert(route) : add_beyond_window(route);
    if (!done) return failed(Error::arena_full);
  } catch (const std::bad_alloc&) {
    return failed(Error::arena_full);
  }
  rib.assign(route.address, route.length, route.value);
  if (trie.window().resolved < finest_stage<Address> && rib.size() >= refine_at) refine();
  return {};
}

template <typename Address>
bool Table<Address>::Impl::add_beyond_window(const AnyRoute& route) {
  const Window<Address> wider = grown(trie.window(), route);
  if (std::size_t{wider.size} * unit_bytes > small_window_bytes) {
    std::vector<AnyRoute> routes = rib.routes();
    routes.push_back(route);
    const Window<Address> wanted = window_for(routes);
    // A window also remembers routes that are gone.
    const bool pays = wanted.resolved != wider.resolved || wanted.size < wider.size / 4;
    if (pays && rebuild(wanted, routes)) return true;
  }
  return trie.move_window_and_insert(wider, route);
}

// A coarse table that has become dense gets a finer first stage. Asked only when the routes have
// doubled, so that the cost per added route stays constant; coarsening is bound to the doubling of
// windows likewise.
template <typename Address>
void Table<Address>::Impl::refine() {
  refine_at = 2 * rib.size();
  try {
    const std::vector<AnyRoute> routes = rib.routes();
    const Window<Address> wanted = window_for(routes);
    if (wanted.resolved > trie.window().resolved) rebuild(wanted, routes);
  } catch (const std::bad_alloc&) {  // as it is will do
  }
}

// All routes anew behind another window. False when there is no memory; nothing has changed then.
template <typename Address>
bool Table<Address>::Impl::rebuild(const Window<Address>& window,
                                   std::span<const AnyRoute> routes) {
  auto built = make_trie(blocks, window, routes);
  if (!built) return false;
  if (before && !before->trie) {
    before->trie.emplace(std::move(trie));
    trie = std::move(*built);
    return true;
  }
  trie = std::move(*built);
  if (!before) trie.publish();
  return true;
}

template <typename Address>
auto Table<Address>::Impl::remove(Address address, unsigned length) -> Done {
  if (!is_prefix(address, length)) return tl::unexpected(Error::bad_route);
  const std::optional<Value> known = find(address, length);
  if (!known) return tl::unexpected(Error::not_found);
  if (length == 0) {
    default_route.reset();
    return {};
  }
  if (!note_change(address, length, known)) return failed(Error::arena_full);
  if (!trie.erase(address, length, rib.parent(address, length))) return failed(Error::arena_full);
  rib.erase(address, length);
  return {};
}

template <typename Address>
bool Table<Address>::Impl::note_change(Address address, unsigned length,
                                       std::optional<Value> value) {
  if (!before) return true;
  try {
    before->changed.push_back({address, static_cast<std::uint8_t>(length), value});
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

template <typename Address>
auto Table<Address>::Impl::failed(Error error) -> Done {
  if (before) revert();
  return tl::unexpected(error);
}

template <typename Address>
void Table<Address>::Impl::open() {
  assert(!before);
  before.emplace();
  before->default_route = default_route;
  before->refine_at = refine_at;
  trie.open_version();
}

template <typename Address>
void Table<Address>::Impl::keep() noexcept {
  if (before->trie) {
    before->trie->revert_version();  // what it had begun; its end retires the rest
    trie.publish();
  } else {
    trie.keep_version();
  }
  before.reset();
}

template <typename Address>
void Table<Address>::Impl::revert() noexcept {
  if (before->trie) trie = std::move(*before->trie);
  trie.revert_version();
  default_route = before->default_route;
  refine_at = before->refine_at;
  // Latest first: a route may have changed several times. There is room, since there was.
  for (auto change = before->changed.rbegin(); change != before->changed.rend(); ++change) {
    if (change->value) {
      rib.assign(change->address, change->length, *change->value);
    } else if (rib.find(change->address, change->length)) {
      rib.erase(change->address, change->length);
    }
  }
  before.reset();
}

template <typename Address>
Table<Address>::Table(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
template <typename Address>
Table<Address>::Table(Table&& other) noexcept = default;
template <typename Address>
Table<Address>& Table<Address>::operator=(Table&& other) noexcept = default;
template <typename Address>
Table<Address>::~Table() = default;

template <typename Address>
tl::expected<Table<Address>, Error> Table<Address>::build(Arena& arena,
                                                          std::span<const Route<Address>> routes,
                                                          Options options) {
  try {
    auto impl = std::make_unique<Impl>(arena.impl_->blocks, options);
    if (auto filled = impl->fill(routes); !filled) return tl::unexpected(filled.error());
    return Table(std::move(impl));
  } catch (const std::bad_alloc&) {
    return tl::unexpected(Error::arena_full);
  }
}

template <typename Address>
TableDescriptor<Address> Table<Address>::descriptor() const noexcept {
  return impl_->descriptor();
}

template <typename Address>
tl::expected<void, Error> Table<Address>::add(const Route<Address>& route, bool* republish) {
  const auto old = impl_->descriptor();
  const auto done = impl_->add(route);
  if (impl_->descriptor() != old) *republish = true;
  return done;
}

template <typename Address>
tl::expected<void, Error> Table<Address>::remove(Address address, std::uint8_t length,
                                                 bool* republish) {
  const auto old = impl_->descriptor();
  const auto done = impl_->remove(address, length);
  if (impl_->descriptor() != old) *republish = true;
  return done;
}

template <typename Address>
void Table<Address>::open_version() {
  impl_->open();
}
template <typename Address>
void Table<Address>::keep_version() noexcept {
  if (impl_->before) impl_->keep();
}
template <typename Address>
void Table<Address>::drop_version() noexcept {
  if (impl_->before) impl_->revert();
}
template <typename Address>
bool Table<Address>::has_open_version() const noexcept {
  return impl_ && impl_->before.has_value();
}

template <typename Address>
std::optional<Value> Table<Address>::find(Address address, std::uint8_t length) const noexcept {
  if (!is_prefix(address, length)) return std::nullopt;
  return impl_->find(address, length);
}
template <typename Address>
std::vector<Route<Address>> Table<Address>::routes() const {
  auto all = impl_->rib.routes();
  if (impl_->default_route) all.push_back({0, 0, *impl_->default_route});
  return all;
}
template <typename Address>
std::size_t Table<Address>::route_count() const noexcept {
  return impl_->count();
}
template <typename Address>
std::size_t Table<Address>::used_bytes() const noexcept {
  return impl_->trie.used_bytes();
}
template <typename Address>
std::size_t Table<Address>::rib_bytes() const noexcept {
  return impl_->rib.bytes();
}

template class Table<Ipv4Address>;
template class Table<Ipv6Address>;

}  // namespace bgw::lpm
