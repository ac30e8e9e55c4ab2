// The rules G1–G5 and V1–V5 written down once more, as naively as possible: loops over everything,
// text instead of types, nothing shared with the code under test.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/model.h"

namespace bgw::test {

struct ExpectedRoute {
  config::IpPrefix prefix;
  std::string origin;
  std::vector<std::string> next_hops;
  std::string status;
  std::string reason;  // the actual reason starts with this; empty when valid
};

class Oracle {
 public:
  // The tables after a commit, by name: "g0", "v0/main". Routes in listing order.
  std::map<std::string, std::vector<ExpectedRoute>> commit(const config::Model& model);

 private:
  // A route that an attachment advertises, since when, and whether overlap has accepted it.
  struct Advertised {
    std::string gateway;
    std::string attachment;
    config::IpPrefix prefix;
    int commit = 0;
    std::size_t attachment_position = 0;
    std::size_t segment_position = 0;
    bool accepted = false;
    std::string status;
    std::string reason;
  };

  void see(const config::Model& model);
  void apply_quota(const config::Gateway& gateway, std::vector<Advertised*>& routes);
  void apply_availability(const config::Model& model, std::vector<Advertised*>& routes);
  void apply_overlap(const config::Gateway& gateway, std::vector<Advertised*>& routes);
  std::vector<ExpectedRoute> gateway_table(const config::Model& model,
                                           const config::Gateway& gateway);

  int commit_ = 0;
  std::vector<Advertised> seen_;
};

}  // namespace bgw::test
