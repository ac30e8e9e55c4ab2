// Brings back what ran before, when nobody confirms in time what runs.
#pragma once

#include <cstdint>

#include <boost/asio/steady_timer.hpp>

#include "control/commit/committer.h"
#include "control/commit/engine.h"

namespace bgw::control {

// Follows the engine's commits; what waited when the daemon ended, waits again after a start. What
// brings it back is a commit like any other, tried every second until it succeeds. Control thread
// only; to be told of commits it must outlive them.
class ConfirmWatch final : public CommitObserver {
 public:
  // All must outlive it.
  ConfirmWatch(boost::asio::io_context& io, Engine& engine, Committer& committer);

  void committed(const Running& running, const Committed&, const Request&) override;

 private:
  void wait(const Running& running);
  void go_back(std::uint64_t generation);

  Engine& engine_;
  Committer& committer_;
  boost::asio::steady_timer timer_;
};

}  // namespace bgw::control
