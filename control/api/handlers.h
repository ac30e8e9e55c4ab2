// What the API answers: paths to functions over the engine and the forwarding plane.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "control/api/server.h"
#include "control/capture/capture.h"
#include "control/commit/background.h"
#include "control/commit/capture_plane.h"
#include "control/commit/engine.h"
#include "control/commit/ping_plane.h"
#include "control/commit/telemetry_plane.h"
#include "control/routes/walk.h"

namespace bgw::control {

// Control thread only. Every answer is JSON except GET /v1/config and a capture's file; an error is
// {"error",…} with a 4xx or 5xx status. control/README.md lists the paths.
class ApiHandlers {
 public:
  struct Planes {
    const TelemetryPlane& telemetry;
    CapturePlane& captures;
    PingPlane& pings;
  };

  // All must outlive the handlers, and `engine` also `background`.
  ApiHandlers(Engine& engine, Planes planes, Background& background)
      : engine_(engine),
        planes_(planes),
        background_(background),
        started_(std::chrono::steady_clock::now()) {}

  void handle(ApiRequest request, const ApiRespond& respond);

  // Goes on with captures; true if there was anything to do.
  bool poll(std::chrono::steady_clock::time_point now) { return captures_.poll(now); }

 private:
  // `rest` is what follows the path of an entry that takes a name: "vpc-a/main".
  using Answer = ApiResponse (ApiHandlers::*)(const ApiRequest& request, const std::string& rest);
  using LaterAnswer = void (ApiHandlers::*)(ApiRequest request, const ApiRespond& respond);
  struct Entry;
  static const std::vector<Entry>& entries();

  ApiResponse status(const ApiRequest& request, const std::string& rest);

  ApiResponse config_text(const ApiRequest& request, const std::string& rest);
  void config_check(ApiRequest request, const ApiRespond& respond);
  void config_diff(ApiRequest request, const ApiRespond& respond);
  void config_commit(ApiRequest request, const ApiRespond& respond);
  void in_background(const ApiRespond& respond, std::function<ApiResponse()> work);
  void put_in_force(const ApiRespond& respond);

  ApiResponse gateways(const ApiRequest& request, const std::string& rest);
  ApiResponse attachments(const ApiRequest& request, const std::string& rest);
  ApiResponse vpcs(const ApiRequest& request, const std::string& rest);
  ApiResponse propagations(const ApiRequest& request, const std::string& rest);

  ApiResponse routes(const ApiRequest& request, const std::string& rest);
  ApiResponse trace(const ApiRequest& request, const std::string& rest);
  void ping(ApiRequest request, const ApiRespond& respond);

  ApiResponse capture_start(const ApiRequest& request, const std::string& rest);
  ApiResponse capture_read(const ApiRequest& request, const std::string& rest);
  ApiResponse capture_stop(const ApiRequest& request, const std::string& rest);

  ApiResponse interfaces(const ApiRequest& request, const std::string& rest);
  ApiResponse neighbours(const ApiRequest& request, const std::string& rest);
  ApiResponse tables(const ApiRequest& request, const std::string& rest);
  ApiResponse stats(const ApiRequest& request, const std::string& rest);
  ApiResponse drops(const ApiRequest& request, const std::string& rest);

  nlohmann::ordered_json fib_agreement(const std::string& vpc, const config::IpAddress& source,
                                       const config::IpAddress& destination,
                                       const std::vector<WalkOutcome>& outcomes) const;
  nlohmann::ordered_json interface_stats(const char* kind, const std::string& name,
                                         dataplane::VpcIndex index) const;
  void add_device(nlohmann::ordered_json& interface, const std::string& port) const;
  nlohmann::ordered_json port_stats(const config::Port& port) const;

  Engine& engine_;
  Planes planes_;
  Background& background_;
  CaptureSessions captures_{engine_, planes_.captures};
  std::chrono::steady_clock::time_point started_;
};

}  // namespace bgw::control
