// Whatever bytes a client sends, as whatever role: they go through a real connection, the HTTP
// parser and the handlers of a running engine. Each ends, what is answered is HTTP with statuses
// that there are, a tenant reads no word of others, and only who may changes what runs.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include <spdlog/spdlog.h>
#include <boost/asio/io_context.hpp>

#include "control/api/admission.h"
#include "control/api/handlers.h"
#include "control/api/session.h"
#include "tests/unit/control/daemon_fakes.h"

namespace {

using namespace bgw;
using control::Role;
namespace asio = boost::asio;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

constexpr std::string_view secret = "crimson";
constexpr auto two_accounts = R"(
version: 1
region: r
ports: [{name: p, device: net_null_p}]
vpcs:
  - {name: crimson, account: crimson, cidrs: [10.66.0.0/16]}
  - name: vpc-a
    account: blue
    cidrs: [10.7.0.0/16]
    subnets: [{name: web, cidr: 10.7.1.0/24}]
    interface: {port: p, addresses: [10.7.1.1/24]}
    route_tables: [{name: main, propagations: [{gateway: gw, ranges: [10.0.0.0/8]}]}]
gateways: [{name: crimson-gw, account: crimson}, {name: gw, account: blue}]
attachments: [{name: at, gateway: gw, vpc: vpc-a}, {name: crimson-at, gateway: crimson-gw, vpc: crimson}]
)";

// All that bgwd has, without packets and disk.
struct World {
  World() {
    require(engine.start({two_accounts, "f"}).has_value(), "the configuration is right");
    control::ApiServer::Limits limits;
    limits.quiet = limits.idle = std::chrono::seconds{5};
    sessions = std::make_shared<control::Sessions>(limits);
    sessions->handler = [this](control::ApiRequest request, const control::ApiRespond& respond) {
      handlers.handle(std::move(request), respond);
    };
  }
  ~World() {
    handlers.stop();
    background.stop();
    views.stop();
    // A loop that had nothing left to wait for has stopped, whatever a thread has for it yet.
    while (!background.idle() || !views.idle()) {
      if (io.run_one() == 0) io.restart();
    }
    plane.waiting_pings.clear();
  }

  test::FakePlane plane;
  control::FibProgrammer programmer{
      nullptr, nullptr, {.max_bytes = std::size_t{64} << 20, .huge_pages = false}, {}};
  test::MemoryStore store;
  control::ModelStore models{store};
  control::Engine engine{plane, programmer, models};
  asio::io_context io;
  control::Background background{io};
  control::Background views{io};
  control::ApiHandlers handlers{engine, {plane, plane, plane}, {background, views}};
  std::shared_ptr<control::Sessions> sessions;
};

// All that is answered to them.
std::string answers(World& world, const Role& role, std::string_view bytes) {
  int ends[2];
  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0, "there are sockets");
  asio::local::stream_protocol::socket server(world.io, asio::local::stream_protocol(), ends[0]);
  [[maybe_unused]] const auto sent = ::send(ends[1], bytes.data(), bytes.size(), MSG_NOSIGNAL);
  ::shutdown(ends[1], SHUT_WR);
  control::start_session(std::move(server), {1, 0}, role, world.sessions);
  std::string text;
  char chunk[65536];
  for (;;) {
    // Timers are always pending: to wait for the next event would be to wait for them.
    if (world.io.poll() == 0) std::this_thread::yield();
    world.io.restart();
    world.handlers.poll(std::chrono::steady_clock::now());
    const auto got = ::recv(ends[1], chunk, sizeof chunk, 0);
    if (got > 0) text.append(chunk, static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EAGAIN)) break;
  }
  ::close(ends[1]);
  return text;
}

void check(std::string_view text) {
  if (text.empty()) return;
  require(text.starts_with("HTTP/1.1 ") || text.starts_with("HTTP/1.0 "), "an answer is HTTP");
  const auto status = std::atoi(std::string(text.substr(9, 3)).c_str());
  require(status == 100 || (status >= 200 && status < 600 && status != 500), "a status that is");
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  spdlog::set_level(spdlog::level::off);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto world = std::make_unique<World>();
  if (size == 0) return 0;
  static const Role roles[] = {control::admin_role,
                               {Role::Kind::operating},
                               {Role::Kind::reader},
                               {Role::Kind::tenant, "blue"}};
  const Role& role = roles[data[0] % 4];
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto before = world->engine.running().generation;
  const auto text = answers(*world, role, bytes);
  check(text);
  if (role.is_tenant() && bytes.find("rimson") == std::string_view::npos &&
      bytes.find('%') == std::string_view::npos && bytes.find('\\') == std::string_view::npos) {
    require(text.find(secret) == std::string::npos, "a tenant reads no word of others");
  }
  if (role.kind == Role::Kind::reader) {
    require(world->engine.running().generation == before, "a reader changes nothing");
  }
  // Each input finds the same objects; what is kept of the past has an end.
  if (world->engine.running().generation > 500 || !world->plane.captures.empty()) {
    world = std::make_unique<World>();
  } else if (world->engine.running().generation != before) {
    require(world->engine.apply({control::ConfigText{two_accounts, "f"}}).has_value(),
            "the configuration is right again");
  }
  control::is_host_of(std::string(bytes), {"gw.example.org"});
  return 0;
}
