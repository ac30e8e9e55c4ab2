// Captures: the file byte by byte and through another reader, the API, bgwctl.
#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>

#include "api_fixture.h"
#include "control/capture/pcapng.h"
#include "control/cli/capture_text.h"
#include "subprocess.h"

namespace bgw::test {
namespace {

using control::PcapngPacket;
using dataplane::CaptureDirection;
using dataplane::CapturedPacket;
using dataplane::DropReason;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using namespace std::chrono_literals;

// An echo request from 10.1.1.10 to 10.2.1.10, checksums left out.
std::vector<std::uint8_t> echo_frame() {
  std::vector<std::uint8_t> frame(14 + 28);
  frame[12] = 0x08;
  frame[14] = 0x45;
  frame[17] = 28;
  frame[23] = 1;
  const std::vector<std::uint8_t> addresses{10, 1, 1, 10, 10, 2, 1, 10};
  std::ranges::copy(addresses, frame.begin() + 26);
  frame[34] = 8;
  return frame;
}

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

TEST(Pcapng, blocks_byte_by_byte) {
  std::string file;
  control::append_pcapng_section(file, "app");
  EXPECT_EQ(file,
            bytes({0x0a, 0x0d, 0x0d, 0x0a, 40,   0,    0,    0,    0x4d, 0x3c, 0x2b, 0x1a, 1, 0,
                   0,    0,    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 4,    0,    3, 0,
                   'a',  'p',  'p',  0,    0,    0,    0,    0,    40,   0,    0,    0}));
  file.clear();
  control::append_pcapng_interface(file, "vpc-a", 300);
  EXPECT_EQ(file,
            bytes({1,   0,   0,   0, 44, 0, 0, 0, 1, 0, 0, 0, 44, 1, 0, 0, 2, 0, 5,  0, 'v', 'p',
                   'c', '-', 'a', 0, 0,  0, 9, 0, 1, 0, 9, 0, 0,  0, 0, 0, 0, 0, 44, 0, 0,   0}));
  file.clear();
  const std::vector<std::uint8_t> head{1, 2}, data{3};
  control::append_pcapng_packet(file, {.interface = 7,
                                       .unix_ns = 0x0102030405060708,
                                       .original_bytes = 9,
                                       .head = head,
                                       .bytes = data,
                                       .outbound = true,
                                       .comment = "why"});
  EXPECT_EQ(file, bytes({6,   0, 0, 0, 56, 0,  0, 0, 7, 0, 0, 0, 4, 3, 2,  1, 8, 7,   6,
                         5,   3, 0, 0, 0,  11, 0, 0, 0, 1, 2, 3, 0, 1, 0,  3, 0, 'w', 'h',
                         'y', 0, 2, 0, 4,  0,  2, 0, 0, 0, 0, 0, 0, 0, 56, 0, 0, 0}));
}

class CaptureApi : public ApiFixture {
 protected:
  CaptureApi() {
    packet.bytes = frame;
    packet.original_bytes = 1042;
    packet.unix_ns = 1'700'000'000'123'456'789;
    packet.vpc = *programmer.vpc_index("vpc-a");
  }
  RawReply request(const std::string& method, const std::string& target,
                   const std::string& body = "") {
    return exchange(socket_path, method, target, body);
  }
  std::string start(const std::string& body = "{}") {
    const auto reply = request("POST", "/v1/capture", body);
    EXPECT_EQ(reply.status, 200u) << reply.body;
    return "/v1/capture/" + reply.json()["id"].dump();
  }
  nlohmann::json state(const std::string& target) {
    return request("GET", target + "/state").json();
  }
  // Polls until the daemon says that it is over; the whole file.
  std::string read_all(const std::string& target) {
    std::string file;
    for (int n = 0; n < 500; ++n) {
      const bool last = state(target)["state"] == "ended";
      file += request("GET", target).body;
      if (last) return file;
      std::this_thread::sleep_for(10ms);
    }
    ADD_FAILURE() << "it does not end";
    return file;
  }
  CapturedPacket with(CaptureDirection direction, DropReason reason = DropReason::count_) const {
    CapturedPacket copy = packet;
    copy.direction = direction;
    copy.reason = reason;
    return copy;
  }
  const dataplane::CaptureFilter& filter() const { return plane.captures.begin()->second; }

  std::vector<std::uint8_t> frame = echo_frame();
  CapturedPacket packet;
};

TEST_F(CaptureApi, ends_by_packets_and_says_what_was_seen) {
  plane.on_wire = {with(CaptureDirection::rx), with(CaptureDirection::tx),
                   with(CaptureDirection::drop, DropReason::no_route), with(CaptureDirection::rx)};
  const auto target = start(R"({"packets": 3})");
  const auto file = read_all(target);
  const auto last = state(target);
  EXPECT_EQ(last["captured"], 3);
  EXPECT_EQ(last["missed"], 5);
  EXPECT_EQ(last["ended"], "packets");
  EXPECT_EQ(last["waiting_bytes"], 0);
  EXPECT_THAT(plane.captures, IsEmpty());

  cli::CaptureText text;
  std::string lines;
  text.read(file, lines);
  EXPECT_EQ(text.packets(), 3u);
  const std::string what = ".123456 vpc-a {} 10.1.1.10 > 10.2.1.10 ICMP, 1042 bytes{}\n";
  for (const auto& [on, why] : {std::pair{"rx", ""}, std::pair{"tx", ""},
                                std::pair{"drop", " (no_route: no route to the destination)"}}) {
    EXPECT_THAT(lines, HasSubstr(fmt::format(fmt::runtime(what), on, why)));
  }
  EXPECT_EQ(request("DELETE", target).json(), last);
  EXPECT_EQ(request("GET", target).status, 404u);
}

// Another reader of the format: scapy's.
TEST_F(CaptureApi, is_read_by_scapy) {
  plane.on_wire = {with(CaptureDirection::rx),
                   with(CaptureDirection::drop, DropReason::ttl_expired)};
  plane.on_wire[1].vpc = dataplane::no_vpc;
  plane.on_wire[1].starts_at_ip = true;
  plane.on_wire[1].bytes = plane.on_wire[1].bytes.subspan(14);
  plane.on_wire[1].original_bytes = 28;
  const auto path = dir.file("c.pcapng"), script = dir.file("read.py");
  std::ofstream(path, std::ios::binary) << read_all(start(R"({"packets": 2})"));
  std::ofstream(script) << R"(
import sys
from scapy.utils import RawPcapNgReader
for data, meta in RawPcapNgReader(sys.argv[1]):
    ns = (meta.tshigh << 32 | meta.tslow)
    print(data.hex(), meta.linktype, meta.tsresol, meta.wirelen, ns)
)";
  const auto ended = run_program("/usr/bin/python3", {script, path});
  ASSERT_EQ(ended.status, 0) << ended.err;
  std::string hex;
  for (const auto byte : frame) hex += fmt::format("{:02x}", byte);
  EXPECT_EQ(ended.out, fmt::format("{0} 1 1000000000 1042 1700000000123456789\n"
                                   "{0} 1 1000000000 42 1700000000123456789\n",
                                   hex));
}

TEST_F(CaptureApi, passes_the_filter_on) {
  start(R"({"vpc": "vpc-b", "host": "2001:db8::5", "on": ["drop"], "snaplen": 64})");
  EXPECT_EQ(filter().vpc, *programmer.vpc_index("vpc-b"));
  EXPECT_EQ(filter().host, dataplane::MappedAddress::v6(0x20010db8ull << 32, 5));
  EXPECT_FALSE(filter().rx);
  EXPECT_FALSE(filter().tx);
  EXPECT_TRUE(filter().drop);
  EXPECT_EQ(filter().snaplen, 64);
}

TEST_F(CaptureApi, ends_by_time) {
  const auto target = start(R"({"seconds": 1})");
  EXPECT_EQ(state(target)["state"], "running");
  read_all(target);
  EXPECT_EQ(state(target)["ended"], "time");
}

TEST_F(CaptureApi, what_nobody_asks_for_ends_and_leaves_its_place_to_others) {
  control::CaptureSessions captures(engine, plane);
  auto now = std::chrono::steady_clock::now();
  std::vector<std::uint32_t> gone;
  for (std::size_t n = 0; n < dataplane::max_captures; ++n) {
    gone.push_back(captures.start({.time = 3600s}, now).value());
  }
  for (int n = 0; n < 90; ++n) {
    now += 100ms;
    captures.asked(gone[0], now);
    captures.poll(now);
  }
  EXPECT_FALSE(captures.start({}, now));
  now += 1s;
  captures.asked(gone[0], now);
  captures.poll(now);
  EXPECT_TRUE(captures.state(gone[0])->running);
  EXPECT_EQ(captures.state(gone[1])->ended, "nobody reads it");
  for (int n = 0; n < 20; ++n) {
    const auto next = captures.start({}, now);
    ASSERT_TRUE(next) << "ended ones keep nobody out: " << next.error();
    for (int tenth = 0; tenth < 100; ++tenth) {
      now += 100ms;
      captures.asked(gone[0], now);
      captures.poll(now);
    }
  }
  captures.start({}, now);
  now += 60s;  // the loop was busy
  captures.poll(now);
  EXPECT_TRUE(captures.state(gone[0])->running);

  EXPECT_LE(captures.list(now).size(),
            dataplane::max_captures + control::CaptureSessions::max_ended);
}

TEST_F(CaptureApi, are_listed_whoever_began_them) {
  start(R"({"vpc": "vpc-a", "host": "10.1.1.10", "on": ["drop"]})");
  start();
  const auto list = request("GET", "/v1/captures").json();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0]["vpc"], "vpc-a");
  EXPECT_EQ(list[0]["host"], "10.1.1.10");
  EXPECT_EQ(list[0]["on"], nlohmann::json({"drop"}));
  EXPECT_EQ(list[0]["state"], "running");
  EXPECT_TRUE(list[1]["vpc"].is_null());
}

TEST_F(CaptureApi, ends_with_its_vpc) {
  const auto target = start(R"({"vpc": "vpc-b"})");
  ASSERT_EQ(request("POST", "/v1/config/commit", yaml("a", "a")).status, 200u);
  read_all(target);
  EXPECT_EQ(state(target)["ended"], "the VPC is gone");
}

// A slow reader's file is bounded; what comes then stays outside.
TEST_F(CaptureApi, holds_no_more_than_its_bound) {
  std::vector<std::uint8_t> large(60'000);
  for (int n = 0; n < 200; ++n) {
    plane.on_wire.push_back(packet);
    plane.on_wire.back().bytes = large;
  }
  const auto target = start();
  for (int n = 0; n < 100 && state(target)["captured"] < 200; ++n) std::this_thread::sleep_for(2ms);
  // A round takes some more at once.
  EXPECT_LE(request("GET", target).body.size(),
            control::CaptureSessions::max_waiting_bytes + 256 * 61'000);
}

TEST_F(CaptureApi, is_limited_in_number_and_freed_by_delete) {
  std::vector<std::string> targets;
  for (std::size_t n = 0; n < dataplane::max_captures; ++n) targets.push_back(start());
  const auto refused = request("POST", "/v1/capture", "{}");
  EXPECT_EQ(refused.status, 409u);
  EXPECT_THAT(refused.json()["detail"], HasSubstr("captures are under way"));
  EXPECT_EQ(request("DELETE", targets[1]).status, 200u);
  EXPECT_EQ(request("DELETE", targets[1]).status, 404u);
  start();
}

TEST_F(CaptureApi, wrong_requests_are_refused) {
  for (const char* body :
       {"", "[]", R"({"vpc": 1})", R"({"host": "10.1"})", R"({"host": true})", R"({"on": "rx"})",
        R"({"on": []})", R"({"on": ["all"]})", R"({"packets": 0})", R"({"packets": -1})",
        R"({"packets": 1.5})", R"({"snaplen": 63})", R"({"snaplen": 65536})", R"({"seconds": 0})",
        R"({"seconds": 3601})"}) {
    EXPECT_EQ(request("POST", "/v1/capture", body).status, 400u) << body;
  }
  EXPECT_EQ(request("POST", "/v1/capture", R"({"vpc": "vpc-z"})").status, 404u);
  for (const char* rest : {"", "/", "/x", "/1", "/1/state", "/1x", "/99999999999"}) {
    EXPECT_EQ(request("GET", std::string("/v1/capture") + rest).status, 404u) << rest;
  }
  EXPECT_EQ(request("PUT", "/v1/capture/1").status, 405u);
  EXPECT_THAT(plane.captures, IsEmpty());
}

// Names of a capture's interfaces outlive a commit that gives slots to other VPCs.
TEST_F(CaptureApi, packets_are_named_by_their_configuration) {
  packet.vpc = *programmer.vpc_index("vpc-b");
  const auto target = start(R"({"packets": 1})");
  stop_polling();
  plane.on_wire = {packet};
  ASSERT_EQ(request("POST", "/v1/config/commit", yaml("a", "a")).status, 200u);
  EXPECT_THAT(request("GET", target).body, HasSubstr("vpc-b"));
}

class CaptureCli : public CaptureApi {
 protected:
  Ended bgwctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--socket", socket_path});
    return run_program(BGWCTL_PATH, arguments);
  }
};

TEST_F(CaptureCli, prints_a_line_per_packet) {
  plane.on_wire = {with(CaptureDirection::rx), with(CaptureDirection::drop, DropReason::blackhole)};
  const auto ended = bgwctl({"capture", "--packets", "2"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("vpc-a rx 10.1.1.10 > 10.2.1.10 ICMP, 1042 bytes\n"));
  EXPECT_THAT(ended.out, HasSubstr("(blackhole: blackhole route)"));
  EXPECT_EQ(ended.err, "2 packets captured, 5 missed; ended: packets\n");
  EXPECT_THAT(plane.captures, IsEmpty());
}

TEST_F(CaptureCli, lists_and_ends_those_of_others) {
  const auto target = start(R"({"vpc": "vpc-b"})");
  const auto id = target.substr(target.rfind('/') + 1);
  const auto listed = bgwctl({"capture", "list"});
  EXPECT_EQ(listed.status, 0) << listed.err;
  EXPECT_THAT(listed.out, HasSubstr("vpc-b"));
  EXPECT_EQ(bgwctl({"capture", "stop"}).status, 2);
  EXPECT_EQ(bgwctl({"capture", "stop", "99"}).status, 1);
  EXPECT_EQ(bgwctl({"capture", "stop", id}).status, 0);
  EXPECT_THAT(plane.captures, IsEmpty());
  EXPECT_EQ(bgwctl({"capture", "list"}).out.find("vpc-b"), std::string::npos);
}

TEST_F(CaptureCli, writes_the_file) {
  plane.on_wire = {with(CaptureDirection::rx)};
  const auto path = dir.file("out.pcapng");
  const auto ended = bgwctl({"-j", "capture", "--packets=1", "--vpc", "vpc-a", "--on", "rx,drop",
                             "--host", "10.1.1.10", "-w", path});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(ended.out, "{\"captured\":1,\"missed\":5,\"ended\":\"packets\"}\n");
  EXPECT_THAT(dir.read("out.pcapng"), StartsWith(bytes({0x0a, 0x0d, 0x0d, 0x0a})));

  plane.on_wire = {with(CaptureDirection::rx)};
  const auto piped = bgwctl({"capture", "--packets", "1", "-w", "-"});
  EXPECT_EQ(piped.out, dir.read("out.pcapng"));
}

TEST_F(CaptureCli, says_what_is_wrong) {
  const std::vector<std::vector<std::string>> wrong = {
      {"--on", "all"}, {"--on", ""}, {"--packets", "0"}, {"--snaplen", "1"}, {"extra"}, {"-j"}};
  for (auto arguments : wrong) {
    arguments.insert(arguments.begin(), "capture");
    EXPECT_EQ(bgwctl(arguments).status, 2) << testing::PrintToString(arguments);
  }
  EXPECT_EQ(bgwctl({"capture", "--vpc", "vpc-z"}).status, 1);
  EXPECT_EQ(bgwctl({"capture", "-w", "/nowhere/file"}).status, 1);
  EXPECT_THAT(plane.captures, IsEmpty());
}

TEST(CaptureText, frames_of_all_kinds) {
  const auto text = [](const std::vector<std::uint8_t>& frame) {
    return cli::describe_frame({reinterpret_cast<const char*>(frame.data()), frame.size()});
  };
  auto frame = echo_frame();
  EXPECT_EQ(text(frame), "10.1.1.10 > 10.2.1.10 ICMP");
  frame[23] = 17;
  frame[35] = 0x35;
  EXPECT_EQ(text(frame), "10.1.1.10:2101 > 10.2.1.10:0 UDP");
  frame[20] = 0x20;
  frame[21] = 1;
  EXPECT_EQ(text(frame), "10.1.1.10 > 10.2.1.10 UDP, fragment 0 at 8");
  const std::vector<std::uint8_t> tag{0x81, 0, 0, 5};
  frame.insert(frame.begin() + 12, tag.begin(), tag.end());
  EXPECT_THAT(text(frame), StartsWith("VLAN 5 10.1.1.10"));
  std::vector<std::uint8_t> arp(42);
  arp[12] = 0x08;
  arp[13] = 0x06;
  arp[21] = 1;
  EXPECT_EQ(text(arp), "ARP who has 0.0.0.0, asks 0.0.0.0");
  std::vector<std::uint8_t> v6(58);
  v6[12] = 0x86;
  v6[13] = 0xdd;
  v6[20] = 58;
  v6[37] = v6[53] = 1;
  EXPECT_EQ(text(v6), "[::1] > [::1] ICMPv6");
  for (const auto& whole : {frame, arp, v6})
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_NE(text({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}), "");
}

// Whatever a daemon sends.
TEST(CaptureText, lengths_that_lie_end_the_piece) {
  std::string file;
  control::append_pcapng_interface(file, "vpc-a", 100);
  const auto frame = echo_frame();
  control::append_pcapng_packet(file,
                                {.original_bytes = 42, .bytes = frame, .comment = "a comment"});
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const int value : {0, 1, 0x7f, 0xff}) {
      auto broken = file;
      broken[at] = static_cast<char>(value);
      cli::CaptureText text;
      std::string lines;
      text.read(broken, lines);
      EXPECT_LE(text.packets(), 1u);
    }
  }
}

}  // namespace
}  // namespace bgw::test
