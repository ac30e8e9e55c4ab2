// Where a gateway's candidates come from that depend on no other route: the configuration's static
// routes, and streams of routes such as BGP's. Each stands for its prefix alone, so that it can
// come and go by itself. (What attachments propagate is decided together: G5, G1, G2.)
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/model.h"
#include "control/routes/rib.h"

namespace bgw::control {

// Why the attachment or interface that a next hop goes by is unavailable (G1), or nothing.
using WhyUnavailable = std::function<std::optional<std::string>(const NextHop& hop)>;

// Of one gateway. Candidates are valid, or say why they are not, before G3 compares them. Pure; any
// thread.
class RouteSource {
 public:
  virtual ~RouteSource() = default;
  virtual void append_at(const config::IpPrefix& prefix, std::vector<Route>& candidates) const = 0;
  virtual void append_all(std::vector<Route>& candidates) const = 0;
};

// G4: the gateway's static routes. A group forwards through the members that are available; each of
// the others is a candidate by itself that says why not. Refers to both.
class StaticSource final : public RouteSource {
 public:
  StaticSource(const config::Gateway& gateway, const WhyUnavailable& why_unavailable)
      : gateway_(gateway), why_unavailable_(why_unavailable) {}
  // Takes time in proportion to the number of routes.
  void append_at(const config::IpPrefix& prefix, std::vector<Route>& candidates) const override;
  void append_all(std::vector<Route>& candidates) const override;
  void append(const config::GatewayStaticRoute& configured, std::vector<Route>& candidates) const;

 private:
  const config::Gateway& gateway_;
  const WhyUnavailable& why_unavailable_;
};

// What a stream has for a prefix now, instead of before; nothing: it has none any more. Candidates
// are of this prefix and valid, of origin `ebgp` or `ibgp`, and lead to attachments of the gateway,
// outside by its interfaces, or nowhere.
struct RouteDelta {
  config::IpPrefix prefix;
  std::vector<Route> candidates;
};

// What a stream has told of one gateway. A value, cheap to copy.
struct GatewayStream {
  std::string name;  // the gateway's
  RouteList routes;
  friend bool operator==(const GatewayStream&, const GatewayStream&) = default;
};

// A stream's routes; those through attachments or interfaces that are unavailable, or none of the
// gateway's, are invalid. Refers to both.
class StreamSource final : public RouteSource {
 public:
  StreamSource(const GatewayStream& stream, const WhyUnavailable& why_unavailable)
      : stream_(stream), why_unavailable_(why_unavailable) {}
  void append_at(const config::IpPrefix& prefix, std::vector<Route>& candidates) const override;
  void append_all(std::vector<Route>& candidates) const override;

 private:
  const GatewayStream& stream_;
  const WhyUnavailable& why_unavailable_;
};

}  // namespace bgw::control
