// Copies of what workers carry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "dataplane/published/capture.h"

namespace bgw::control {

// Members as in forwarding_plane.h. Control thread only.
class CapturePlane {
 public:
  virtual ~CapturePlane() = default;
  virtual std::optional<dataplane::CaptureId> start_capture(
      const dataplane::CaptureFilter& filter) = 0;
  virtual std::size_t take_captured(
      dataplane::CaptureId capture, std::size_t most,
      const std::function<void(const dataplane::CapturedPacket&)>& use) = 0;
  virtual std::uint64_t capture_missed(dataplane::CaptureId capture) const = 0;
  virtual void stop_capture(dataplane::CaptureId capture) = 0;
};

}  // namespace bgw::control
