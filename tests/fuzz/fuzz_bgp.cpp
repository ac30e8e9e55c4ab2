// Whatever bytes a BGP peer sends, as a stream of messages, as the body of each kind and to a whole
// session: reading ends within them, what was read and can be written reads as the same again, and
// a session tells the same however its stream is cut.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "control/bgp/open.h"
#include "control/bgp/paths.h"
#include "control/bgp/route_refresh.h"
#include "control/bgp/session.h"
#include "control/bgp/update.h"

namespace {

using namespace bgw::control::bgp;
using Octets = std::vector<std::uint8_t>;

void require(bool condition) {
  if (!condition) std::abort();
}

// A copy in memory of exactly this size.
struct Exact {
  explicit Exact(Bytes bytes) : size(bytes.size()), copy(new std::uint8_t[bytes.size()]) {
    std::copy(bytes.begin(), bytes.end(), copy.get());
  }
  Bytes bytes() const { return {copy.get(), size}; }
  std::size_t size;
  std::unique_ptr<std::uint8_t[]> copy;
};

// Calls `each` with each whole message's frame.
template <typename Each>
void for_each_frame(Bytes stream, Each each) {
  for (;;) {
    const auto frame = first_frame(stream, true);
    if (!frame || !*frame) return;
    require((*frame)->bytes <= stream.size() && (*frame)->bytes >= header_bytes);
    each(**frame);
    stream = stream.subspan((*frame)->bytes);
  }
}

void check_again(const Update::Reached& reached, bool ids, const PerFamily<NlriForm>& forms) {
  require(!reached.nlri.empty());
  Octets out;
  if (!encode_reached(*reached.attributes, reached.nlri, ids, out)) return require(out.empty());
  std::vector<Nlri> again;
  for_each_frame(out, [&](const Frame& frame) {
    const auto update = decode_update(Exact(frame.body).bytes(), forms);
    require(update && update->reached.size() == 1 && update->complaints.empty());
    require(*update->reached[0].attributes == *reached.attributes);
    require(hash_of(*update->reached[0].attributes) == hash_of(*reached.attributes));
    again.insert(again.end(), update->reached[0].nlri.begin(), update->reached[0].nlri.end());
  });
  require(again == reached.nlri);
}

void check_update(Bytes body, bool ids) {
  PerFamily<NlriForm> forms;
  for (const auto family : all_families) forms[family] = {true, ids};
  const auto update = decode_update(body, forms);
  if (!update) return require(!update.error().what.empty());
  require(update->reached.size() <= 2);
  for (const auto& reached : update->reached) check_again(reached, ids, forms);
  for (const auto& [prefix, id] : update->withdrawn) {
    require(prefix == IpPrefix::around(prefix.address, prefix.length));
    require(ids || id == PathId{});
  }
}

void check_open(Bytes body) {
  const auto open = decode_open(body);
  if (!open) return require(!open.error().what.empty());
  Octets out;
  encode_open(*open, out);
  for_each_frame(out, [&](const Frame& frame) { require(decode_open(frame.body) == *open); });
}

void check_body(Bytes bytes, bool ids) {
  const Exact body(bytes);
  check_update(body.bytes(), ids);
  check_open(body.bytes());
  require(!decode_notification(body.bytes()).to_string().empty());
  (void)decode_route_refresh(body.bytes());
}

// What a session made of a stream, as far as it can be counted.
struct Told {
  std::size_t events = 0, prefixes = 0, paths = 0, changed = 0;
  Session::State state{};
  std::string why;
  friend bool operator==(const Told&, const Told&) = default;
};

void take_events(Session& session, PathTable& table, Told& told) {
  for (const auto& event : session.take_events()) {
    ++told.events;
    require(told.why.empty());  // nothing follows the end
    if (const auto* update = std::get_if<Update>(&event)) {
      table.apply(*update);
      for (const auto& reached : update->reached) told.prefixes += reached.nlri.size();
    }
    if (const auto* end = std::get_if<EndOfRib>(&event)) {
      while (!table.sweep(end->family, 100)) {
      }
      table.mark_stale(end->family);
    }
    if (const auto* closed = std::get_if<Closed>(&event)) {
      require(!closed->why.empty());
      told.why = closed->why;
    }
  }
}

Told run_session(Bytes stream, std::size_t chunk) {
  const Session::TimePoint now{std::chrono::hours{1}};
  SessionOptions options;
  options.asn = 65000;
  options.identifier = 1;
  Session session(options, now);
  PathTable table;
  Told told;
  while (!stream.empty()) {
    const auto size = std::min(chunk, stream.size());
    session.receive(Exact(stream.first(size)).bytes(), now);
    take_events(session, table, told);
    session.sent(session.to_send().size() / 2, now);
    stream = stream.subspan(size);
  }
  told.state = session.state();
  require((told.state == Session::State::closed) == !told.why.empty());
  while (table.has_changed()) told.changed += table.take_changed(3).size();
  for (const auto family : all_families) {
    require(table.prefixes(family) <= table.paths(family));
    told.paths += table.paths(family);
  }
  require(told.paths <= told.prefixes);
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool ids = (data[0] & 1) != 0;
  const Bytes input(data + 1, size - 1);
  check_body(input, ids);
  for_each_frame(Exact(input).bytes(), [&](const Frame& frame) { check_body(frame.body, ids); });
  require(run_session(input, input.size() + 1) == run_session(input, 1u + data[0] / 2u));
  return 0;
}
