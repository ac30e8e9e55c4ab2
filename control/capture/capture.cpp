#include "control/capture/capture.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "control/capture/pcapng.h"
#include "control/packets/addresses.h"

namespace bgw::control {

using dataplane::CaptureDirection;
using dataplane::CapturedPacket;
using dataplane::VpcIndex;

namespace {

constexpr std::size_t packets_per_poll = 256;
constexpr std::size_t ethernet_bytes = 14;

// Packets of the gateway itself have no link header yet; the file says they are Ethernet.
std::array<std::uint8_t, ethernet_bytes> empty_link_header(Bytes ip) {
  std::array<std::uint8_t, ethernet_bytes> header{};
  const bool v6 = !ip.empty() && ip[0] >> 4 == 6;
  header[12] = v6 ? 0x86 : 0x08;
  header[13] = v6 ? 0xdd : 0x00;
  return header;
}

}  // namespace

CaptureSessions::~CaptureSessions() {
  for (const auto& [number, session] : sessions_) {
    if (session.running) plane_.stop_capture(*session.running);
  }
}

tl::expected<std::uint32_t, std::string> CaptureSessions::start(const CaptureRequest& request,
                                                                TimePoint now) {
  dataplane::CaptureFilter filter{
      .rx = request.rx, .tx = request.tx, .drop = request.drop, .snaplen = request.snaplen};
  Session session{.request = request, .ends = now + request.time, .asked = now};
  if (!request.vpc.empty()) {
    session.vpc = engine_.programmer().vpc_index(request.vpc);
    if (!session.vpc) return tl::unexpected(fmt::format("there is no VPC '{}'", request.vpc));
    filter.vpc = *session.vpc;
  }
  if (request.host) filter.host = to_address(*request.host);
  if (count_running() < dataplane::max_captures) session.running = plane_.start_capture(filter);
  if (!session.running) {
    return tl::unexpected(
        fmt::format("{} captures are under way, as many as there may be; 'bgwctl capture list' has "
                    "them, 'bgwctl capture stop ID' ends one",
                    dataplane::max_captures));
  }
  forget_oldest_ended();
  append_pcapng_section(session.file, "bgwd " BGW_VERSION);
  session.generation = engine_.running().generation;
  sessions_.emplace(next_number_, std::move(session));
  return next_number_++;
}

std::optional<CaptureState> CaptureSessions::state(std::uint32_t number) const {
  const auto found = sessions_.find(number);
  if (found == sessions_.end()) return std::nullopt;
  const Session& session = found->second;
  CaptureState state = session.state;
  if (session.running) state.missed = plane_.capture_missed(*session.running);
  state.waiting = session.file.size();
  return state;
}

void CaptureSessions::asked(std::uint32_t number, TimePoint now) {
  const auto found = sessions_.find(number);
  if (found != sessions_.end()) found->second.asked = now;
}

std::vector<CaptureSummary> CaptureSessions::list(TimePoint now) const {
  std::vector<CaptureSummary> summaries;
  for (const auto& [number, session] : sessions_) {
    const auto ago = std::chrono::duration_cast<std::chrono::seconds>(now - session.asked);
    summaries.push_back({number, session.request, *state(number), ago});
  }
  return summaries;
}

std::size_t CaptureSessions::count_running() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      sessions_, [](const auto& item) { return item.second.running.has_value(); }));
}

// Numbers ascend, so the first is the oldest.
void CaptureSessions::forget_oldest_ended() {
  if (sessions_.size() - count_running() < max_ended) return;
  sessions_.erase(std::ranges::find_if(
      sessions_, [](const auto& item) { return !item.second.running.has_value(); }));
}

std::optional<std::string> CaptureSessions::take(std::uint32_t number, TimePoint now) {
  const auto found = sessions_.find(number);
  if (found == sessions_.end()) return std::nullopt;
  found->second.asked = now;
  found->second.forgotten = now + kept_time;
  return std::exchange(found->second.file, {});
}

std::optional<CaptureState> CaptureSessions::stop(std::uint32_t number) {
  const auto last = state(number);
  if (!last) return std::nullopt;
  const auto found = sessions_.find(number);
  if (found->second.running) plane_.stop_capture(*found->second.running);
  sessions_.erase(found);
  return last;
}

bool CaptureSessions::poll(TimePoint now) {
  bool busy = false;
  // While the loop itself stood still, nobody could ask.
  const auto stood = now - std::exchange(last_poll_, now).value_or(now);
  for (auto& [number, session] : sessions_) {
    if (!session.running) continue;
    if (stood > std::chrono::seconds{1}) session.asked += stood;
    busy |= drain(session, packets_per_poll) > 0;
    if (auto why = reason_to_end(session, now); !why.empty()) end(session, std::move(why), now);
  }
  std::erase_if(sessions_, [&](const auto& item) {
    return !item.second.running && now >= item.second.forgotten;
  });
  return busy;
}

void CaptureSessions::drain() {
  for (auto& [number, session] : sessions_) {
    while (session.running && drain(session, packets_per_poll) == packets_per_poll) continue;
  }
}

// When the client reads too slowly, the rest stays in the workers' rings and is missed there.
std::size_t CaptureSessions::drain(Session& session, std::size_t most) {
  const std::uint64_t generation = engine_.running().generation;
  if (std::exchange(session.generation, generation) != generation) session.by_vpc.clear();
  const std::uint64_t left = session.request.packets - session.state.captured;
  if (session.file.size() >= max_waiting_bytes) return 0;
  return plane_.take_captured(*session.running,
                              static_cast<std::size_t>(std::min<std::uint64_t>(most, left)),
                              [&](const CapturedPacket& packet) { append(session, packet); });
}

void CaptureSessions::append(Session& session, const CapturedPacket& packet) {
  PcapngPacket block{.interface = interface_of(session, packet.vpc),
                     .unix_ns = packet.unix_ns,
                     .original_bytes = packet.original_bytes,
                     .bytes = packet.bytes,
                     .outbound = packet.direction == CaptureDirection::tx};
  std::array<std::uint8_t, ethernet_bytes> head;
  if (packet.starts_at_ip) {
    head = empty_link_header(packet.bytes);
    block.head = head;
  }
  std::string comment;
  if (packet.direction == CaptureDirection::drop) {
    comment = fmt::format("{}: {}", dataplane::name_of(packet.reason), text_of(packet.reason));
    block.comment = comment;
  }
  append_pcapng_packet(session.file, block);
  ++session.state.captured;
}

std::uint32_t CaptureSessions::interface_of(Session& session, VpcIndex vpc) {
  if (const auto known = session.by_vpc.find(vpc); known != session.by_vpc.end()) {
    return known->second;
  }
  const auto name = name_of(vpc);
  const auto number = static_cast<std::uint32_t>(session.interfaces.size());
  const auto [found, is_new] = session.interfaces.try_emplace(name, number);
  if (is_new) append_pcapng_interface(session.file, name, session.request.snaplen);
  session.by_vpc.emplace(vpc, found->second);
  return found->second;
}

std::string CaptureSessions::name_of(VpcIndex index) const {
  if (index == dataplane::no_vpc) return "no interface";
  const auto& model = engine_.running().model;
  for (const auto& vpc : model.vpcs()) {
    if (engine_.programmer().vpc_index(vpc.name) == index) return vpc.name;
  }
  for (const auto& underlay : model.underlays()) {
    if (engine_.programmer().underlay_index(underlay.name) == index) {
      return fmt::format("underlay {}", underlay.name);
    }
  }
  std::optional<std::string> outside;
  for_each_outside(model, [&](const std::string& name, const auto&) {
    if (engine_.programmer().vpc_index(name) == index) outside = "outside " + name;
  });
  return outside.value_or("a VPC that is gone");
}

// Empty: it goes on.
std::string CaptureSessions::reason_to_end(const Session& session, TimePoint now) const {
  if (session.state.captured >= session.request.packets) return "packets";
  if (now >= session.ends) return "time";
  if (now - session.asked >= unasked_time) return "nobody reads it";
  // Its slot may become another VPC's.
  if (session.vpc && engine_.programmer().vpc_index(session.request.vpc) != session.vpc) {
    return "the VPC is gone";
  }
  return "";
}

void CaptureSessions::end(Session& session, std::string why, TimePoint now) {
  session.state.missed = plane_.capture_missed(*session.running);
  session.state.running = false;
  session.state.ended = std::move(why);
  plane_.stop_capture(*session.running);
  session.running.reset();
  session.forgotten = now + kept_time;
}

}  // namespace bgw::control
