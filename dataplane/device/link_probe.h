// Whether frames that a port sends can leave the host.
#pragma once

#include <string>

#include "dataplane/published/dataplane.h"

namespace bgw::dataplane {

// Of one open port. Virtual devices of the kernel don't tell DPDK, so the kernel is asked: for a
// TAP by the file that it was made with, which goes on working when its other end is moved into a
// network namespace; for others by the interface. Control thread only; a few microseconds.
class LinkProbe {
 public:
  // After the device was started. `driver` as "net_tap".
  LinkProbe(PortId port, const std::string& driver);
  ~LinkProbe();
  LinkProbe(const LinkProbe&) = delete;
  LinkProbe& operator=(const LinkProbe&) = delete;

  LinkState state() const;

 private:
  LinkState tap_state() const;
  LinkState interface_state() const;

  PortId port_;
  std::string interface_;  // the kernel's name when it was opened; empty: it has none
  unsigned index_ = 0;     // likewise its number
  int tap_ = -1;           // a descriptor of its own
  int socket_ = -1;        // to ask by
};

}  // namespace bgw::dataplane
