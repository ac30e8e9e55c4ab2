// Captures for clients of the API: what workers copied becomes a pcapng file, piece by piece,
// within bounds of packets, bytes and time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "config/ip.h"
#include "control/commit/capture_plane.h"
#include "control/commit/engine.h"

namespace bgw::control {

struct CaptureRequest {
  std::string vpc;  // empty: any, and frames that no interface owns
  std::optional<config::IpAddress> host;
  bool rx = true, tx = true, drop = true;
  std::uint64_t packets = 10'000;  // it ends after as many
  std::uint16_t snaplen = 2048;    // bytes of each that are kept
  std::chrono::seconds time{60};   // or after this
};

struct CaptureState {
  bool running = true;
  std::string ended;           // why it does not run any more
  std::uint64_t captured = 0;  // packets in the file
  std::uint64_t missed = 0;    // packets for which workers found no room
  std::size_t waiting = 0;     // bytes of the file that nobody has taken yet
};

struct CaptureSummary {
  std::uint32_t number;
  CaptureRequest request;
  CaptureState state;
  std::chrono::seconds asked_ago;  // since somebody asked for it
};

// Control thread only. An interface of the file is a VPC; a dropped packet has its reason as
// comment.
class CaptureSessions final : public CommitObserver {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::size_t max_waiting_bytes = std::size_t{4} << 20;
  // A capture that nobody asks for ends after this: its client has gone.
  static constexpr std::chrono::seconds unasked_time{10};
  // Ended ones that wait to be read; the oldest go first.
  static constexpr std::size_t max_ended = 8;
  // What an ended capture has left is kept this long for a client that still reads.
  static constexpr std::chrono::seconds kept_time{30};

  // Both must outlive the sessions.
  CaptureSessions(const Engine& engine, CapturePlane& plane) : engine_(engine), plane_(plane) {}
  ~CaptureSessions() override;
  CaptureSessions(const CaptureSessions&) = delete;
  CaptureSessions& operator=(const CaptureSessions&) = delete;

  // The capture's number. The error is for the client.
  tl::expected<std::uint32_t, std::string> start(const CaptureRequest& request, TimePoint now);
  // Nothing when there is no such capture, or no longer.
  std::optional<CaptureState> state(std::uint32_t number) const;
  // Somebody wants to know of the capture, or nothing happens if there is none.
  void asked(std::uint32_t number, TimePoint now);
  std::vector<CaptureSummary> list(TimePoint now) const;
  // What the file has got since the last call; the pieces make the file.
  std::optional<std::string> take(std::uint32_t number, TimePoint now);
  std::optional<CaptureState> stop(std::uint32_t number);  // and forgets it

  // Takes packets from the workers, ends what is over. True if there was anything to do.
  bool poll(TimePoint now);
  // Packets get the names of the configuration that they were captured under.
  void before_publication() override { drain(); }

 private:
  struct Session {
    CaptureRequest request;
    std::optional<dataplane::CaptureId> running;
    std::optional<dataplane::VpcIndex> vpc;
    TimePoint ends, asked, forgotten;
    CaptureState state;
    std::string file;
    std::map<std::string, std::uint32_t> interfaces;  // by name: its number in the file
    std::map<dataplane::VpcIndex, std::uint32_t> by_vpc;
    std::uint64_t generation = 0;  // of the configuration that by_vpc is true for
  };

  void drain();
  std::size_t drain(Session& session, std::size_t most);
  void append(Session& session, const dataplane::CapturedPacket& packet);
  std::uint32_t interface_of(Session& session, dataplane::VpcIndex vpc);
  std::string name_of(dataplane::VpcIndex vpc) const;
  std::string reason_to_end(const Session& session, TimePoint now) const;
  void end(Session& session, std::string why, TimePoint now);
  std::size_t count_running() const;
  void forget_oldest_ended();

  const Engine& engine_;
  CapturePlane& plane_;
  std::map<std::uint32_t, Session> sessions_;
  std::uint32_t next_number_ = 1;
  std::optional<TimePoint> last_poll_;
};

}  // namespace bgw::control
