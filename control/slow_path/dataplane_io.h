// The data plane's rings and packet buffers as a PacketIo.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "control/slow_path/packet_io.h"
#include "dataplane/published/dataplane.h"

namespace bgw::control {

class DataplaneIo final : public PacketIo {
 public:
  // How long one wait for a grace period may keep the control thread from its other work.
  static constexpr std::chrono::milliseconds grace_limit{20};

  // The data plane must outlive this and every packet taken from it.
  explicit DataplaneIo(dataplane::Dataplane& dataplane) : dataplane_(dataplane) {}

  void take_punts(dataplane::PuntClass punt_class, std::size_t max,
                  std::vector<PacketPtr>& packets) override;
  void take_mac_moves(std::vector<dataplane::MacMove>& moves) override;
  PacketPtr make(Bytes bytes) override;
  bool inject(PacketPtr& packet) override;
  void limit_path(dataplane::TunnelIndex tunnel, std::uint16_t largest) override {
    dataplane_.limit_path(tunnel, largest);
  }
  bool grace_period() override { return dataplane_.grace_period(grace_limit); }

 private:
  dataplane::Dataplane& dataplane_;
};

}  // namespace bgw::control
