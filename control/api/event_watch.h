// What becomes an event: commits, refusals, confirmations, links.
#pragma once

#include <string>

#include "control/api/event_feed.h"
#include "control/commit/engine.h"
#include "control/commit/telemetry_plane.h"

namespace bgw::control {

// Notes what happened, which takes no time, and lets it be written out beside the control loop.
// Whatever else is to be an event — what BGP breaks of an assertion, a neighbor — is a function
// here that posts it, and a schema in openapi.yaml. Control thread only.
class EventWatch final : public CommitObserver, public LinkObserver {
 public:
  static constexpr std::size_t listed = 100;  // objects, assertions, or interfaces, of an event

  // Both must outlive it. Says that bgwd has started.
  EventWatch(EventFeed& feed, const Engine& engine);

  // "commit", and where it has to do with a confirmation "confirm" behind it.
  void committed(const Running& running, const Committed& commit, const Request& request) override;
  void refused(const RequestLabel& request, const Refusal& refusal) override;
  void link_changed(const PortLink& link) override;

 private:
  void confirm_changed(const Running& before, const Request& request);

  EventFeed& feed_;
  const Engine& engine_;
  RunningPointer before_;  // of the next commit
};

}  // namespace bgw::control
