// What the API answers: paths to functions over the engine and the forwarding plane.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "control/api/change_request.h"
#include "control/api/event_feed.h"
#include "control/api/event_watch.h"
#include "control/api/lines.h"
#include "control/api/neighbour_listings.h"
#include "control/api/server.h"
#include "control/capture/capture.h"
#include "control/commit/background.h"
#include "control/commit/capture_plane.h"
#include "control/commit/committer.h"
#include "control/commit/engine.h"
#include "control/commit/ping_plane.h"
#include "control/commit/telemetry_plane.h"
#include "control/routes/walk.h"

namespace bgw::control {

// Control thread only. Every answer is JSON except GET /v1/config and a capture's file; what
// says no is a problem document (problem.h). control/README.md lists the paths.
class ApiHandlers {
 public:
  struct Planes {
    TelemetryPlane& telemetry;
    CapturePlane& captures;
    PingPlane& pings;
  };

  // What takes its time beside the control loop: commits one after the other, and views, which
  // must not wait for them.
  struct Threads {
    Background& commits;
    Background& views;
  };

  // All must outlive the handlers, and `engine` also the threads.
  ApiHandlers(Engine& engine, Planes planes, Threads threads)
      : engine_(engine),
        planes_(planes),
        commits_(threads.commits),
        views_(threads.views),
        started_(std::chrono::steady_clock::now()) {
    engine_.observe(captures_);
    engine_.observe(event_watch_);
    planes_.telemetry.observe_links(event_watch_);
  }

  void handle(ApiRequest request, const ApiRespond& respond);

  // All that there is: method and path, and whether a name may follow it.
  struct Place {
    std::string_view method;
    std::string_view path;
    bool takes_name = false;
  };
  static std::vector<Place> places();

  // Goes on with captures, lists and events; true if there was anything to do.
  bool poll(std::chrono::steady_clock::time_point now) {
    const bool listed = listings_.poll();
    const bool told = events_.poll(now);
    return captures_.poll(now) || listed || told;
  }
  // Answers what waits for poll() that there is none any more; who follows events is told the end.
  void stop() {
    listings_.stop();
    events_.stop();
  }

 private:
  // `rest` is what follows the path of an entry that takes a name: "vpc-a/main".
  using Answer = ApiResponse (ApiHandlers::*)(const ApiRequest& request, const std::string& rest);
  using LaterAnswer = void (ApiHandlers::*)(ApiRequest request, const std::string& rest,
                                            const ApiRespond& respond);
  using View = ApiResponse (*)(const Running& running, const ApiRequest& request,
                               const std::string& rest);
  using LinesOrError = tl::expected<Lines, ApiResponse>;
  // A list; `one`, if there is one, shows what a name behind the path means.
  struct Listing {
    LinesOrError (*all)(const RunningPointer& running, const ApiRequest& request,
                        const std::string& rest, Extent extent);
    View one = nullptr;
  };
  struct Entry;
  static const std::vector<Entry>& entries();

  // Answers what `work` makes, beside the control loop.
  void show(const ApiRespond& respond, std::function<ApiResponse()> work);
  void show_view(View view, ApiRequest request, std::string rest, const ApiRespond& respond);
  void show_listing(const Listing& listing, ApiRequest request, std::string rest,
                    const ApiRespond& respond);
  // What `lines` makes, beside the control loop too, in the form that the client accepts.
  void list(const ApiRequest& request, std::function<LinesOrError(Extent)> lines,
            const ApiRespond& respond);
  void compute(const ApiRespond& respond, std::function<ApiResponse()> work);

  ApiResponse status(const ApiRequest& request, const std::string& rest);

  void config_check(ApiRequest request, const std::string& rest, const ApiRespond& respond);
  void config_diff(ApiRequest request, const std::string& rest, const ApiRespond& respond);
  void config_commit(ApiRequest request, const std::string& rest, const ApiRespond& respond);

  void change_item(ApiRequest request, const std::string& rest, const ApiRespond& respond);
  void transaction(ApiRequest request, const std::string& rest, const ApiRespond& respond);
  void generations(ApiRequest request, const std::string& rest, const ApiRespond& respond);
  void restore(ApiRequest request, const std::string& rest, const ApiRespond& respond);
  void confirm(ApiRequest request, const std::string&, const ApiRespond& respond);
  // Commits it, or looks what it would do.
  void change(tl::expected<std::shared_ptr<ChangeRequest>, ApiResponse> change,
              const ApiRespond& respond);

  void events(ApiRequest request, const std::string& rest, const ApiRespond& respond);

  void trace(ApiRequest request, const std::string& rest, const ApiRespond& respond);
  void ping(ApiRequest request, const std::string& rest, const ApiRespond& respond);

  ApiResponse capture_list(const ApiRequest& request, const std::string& rest);
  ApiResponse capture_start(const ApiRequest& request, const std::string& rest);
  ApiResponse capture_read(const ApiRequest& request, const std::string& rest);
  ApiResponse capture_stop(const ApiRequest& request, const std::string& rest);

  void interfaces(ApiRequest request, const std::string& rest, const ApiRespond& respond);
  void neighbours(ApiRequest request, const std::string& rest, const ApiRespond& respond);
  void tables(ApiRequest request, const std::string& rest, const ApiRespond& respond);
  void stats(ApiRequest request, const std::string& rest, const ApiRespond& respond);
  void drops(ApiRequest request, const std::string& rest, const ApiRespond& respond);

  class NeighbourStream;
  struct Trace;
  void finish_trace(std::shared_ptr<Trace> trace, const ApiRespond& respond);
  nlohmann::ordered_json trace_json(const Trace& trace) const;
  static nlohmann::ordered_json reply_json(const Trace& trace,
                                           const std::vector<WalkOutcome>& reply);
  nlohmann::ordered_json fib_agreement(const Trace& trace) const;
  struct InterfaceCount;
  struct AttachmentCount;
  struct PortCount;
  std::vector<InterfaceCount> count_interfaces() const;
  std::vector<PortCount> count_ports() const;
  std::vector<AttachmentCount> count_attachments() const;

  Engine& engine_;
  Planes planes_;
  Background& commits_;
  Background& views_;
  Committer committer_{engine_, commits_};
  CaptureSessions captures_{engine_, planes_.captures};
  NeighbourListings listings_{planes_.telemetry};
  EventFeed events_{views_, engine_.store(), engine_.running().generation};
  EventWatch event_watch_{events_, engine_};
  std::chrono::steady_clock::time_point started_;
};

}  // namespace bgw::control
