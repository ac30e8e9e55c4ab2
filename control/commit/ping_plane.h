// Echo requests of the gateway itself.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include <tl/expected.hpp>

#include "control/slow_path/slow_path.h"

namespace bgw::control {

// Members as in forwarding_plane.h. Control thread only.
class PingPlane {
 public:
  virtual ~PingPlane() = default;
  virtual tl::expected<void, std::string> ping(dataplane::VpcIndex vpc,
                                               config::IpAddress destination,
                                               std::size_t payload_bytes,
                                               std::chrono::milliseconds timeout,
                                               std::function<void(PingReply)> done) = 0;
};

}  // namespace bgw::control
