// Between the configuration's addresses and the data plane's.
#pragma once

#include "config/ip.h"
#include "dataplane/types.h"

namespace bgw::control {

inline dataplane::Address to_address(const config::IpAddress& address) {
  return address.is_v4() ? dataplane::Address::v4(address.v4_host_order())
                         : dataplane::Address::v6(address.hi, address.lo);
}

inline config::IpAddress to_config(const dataplane::Address& address) {
  return address.is_v4() ? config::IpAddress::v4(address.as_v4())
                         : config::IpAddress::v6(address.hi, address.lo);
}

}  // namespace bgw::control
