// Fragments in any order, whole and mangled: no crash, every fragment accounted once, memory within
// bounds, and a packet holds nothing but what was sent for its VPC and id.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "control/slow_path/reassembly.h"

namespace {

using namespace bgw;
using control::Reassembly;
using dataplane::VpcIndex;

constexpr std::size_t op_bytes = 6;
constexpr std::uint32_t vpcs = 3;
constexpr Reassembly::Bounds bounds{.vpc_bytes = 64 << 10, .total_bytes = 128 << 10};

void require(bool condition) {
  if (!condition) std::abort();
}

// The byte at `offset` of the data of packet `id` from a VPC.
std::uint8_t pattern(std::uint32_t vpc, std::uint32_t id, std::size_t offset) {
  return static_cast<std::uint8_t>(vpc * 97 + id * 31 + offset * 7 + offset / 256);
}

// An operation is {kind, VPC and id, offset, offset, length, time}.
struct Op {
  bool v6, last;
  bool mangled;  // the rest of the input is the packet
  std::uint32_t vpc, id;
  std::size_t offset, length;
  std::chrono::seconds later;
};
Op read_op(const std::uint8_t* at) {
  return {(at[0] & 1) != 0,
          (at[0] & 2) != 0,
          (at[0] & 12) == 12,
          at[1] % vpcs,
          std::uint32_t{at[1]} / vpcs % 4,
          (at[2] * std::size_t{256} + at[3]) & 0xfff8,
          std::size_t{at[4]} * 16,
          std::chrono::seconds{at[5] >= 240 ? at[5] - 240 : 0}};
}

std::vector<std::uint8_t> packet_of(const Op& op) {
  const std::size_t length = op.last ? op.length + 3 : op.length;
  std::vector<std::uint8_t> packet(op.v6 ? 48 : 20);
  if (op.v6) {
    packet[0] = 0x60;
    control::store16(packet, 4, static_cast<std::uint16_t>(8 + length));
    packet[6] = 44;
    packet[40] = 59;
    control::store16(packet, 42, static_cast<std::uint16_t>(op.offset | (op.last ? 0 : 1)));
    control::store32(packet, 44, op.id);
  } else {
    packet[0] = 0x45;
    control::store16(packet, 2, static_cast<std::uint16_t>(20 + length));
    control::store16(packet, 4, static_cast<std::uint16_t>(op.id));
    control::store16(packet, 6, static_cast<std::uint16_t>(op.offset / 8 | (op.last ? 0 : 0x2000)));
  }
  for (std::size_t n = 0; n < length; ++n) packet.push_back(pattern(op.vpc, op.id, op.offset + n));
  return packet;
}

void require_whole(const std::vector<std::uint8_t>& packet) {
  const control::Bytes bytes(packet);
  require(!packet.empty() && !control::is_fragment(packet));
  if (packet[0] >> 4 == 6) return require(control::load16(bytes, 4) + 40u == packet.size());
  require(control::load16(bytes, 2) == packet.size());
  require(control::internet_checksum(bytes.first((packet[0] & 0xfu) * 4u)) == 0);
}

void require_pattern(const Op& op, const std::vector<std::uint8_t>& packet) {
  const std::size_t head = op.v6 ? 40 : 20;
  for (std::size_t at = head; at < packet.size(); ++at)
    require(packet[at] == pattern(op.vpc, op.id, at - head));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::size_t given = 0, ended = 0;
  Reassembly reassembly(bounds, [&](const Reassembly::Failed& failed) {
    require(failed.fragments != 0);
    ended += failed.fragments;
    if (!failed.first.empty()) require(control::is_fragment(failed.first));
  });
  Reassembly::TimePoint now{};
  const std::uint8_t* const end = data + size;
  for (; data + op_bytes <= end; data += op_bytes) {
    const Op op = read_op(data);
    now += op.later;
    reassembly.run_timers(now, 2);
    const auto packet =
        op.mangled ? std::vector<std::uint8_t>(data + op_bytes, end) : packet_of(op);
    const bool was_fragment = control::is_fragment(packet);
    const auto result = reassembly.add(packet, VpcIndex{op.vpc}, VpcIndex{0}, now);
    ++given;
    ended += result.joined + (result.fate == Reassembly::Fate::waits ? 0 : 1);
    if (result.fate == Reassembly::Fate::whole && was_fragment) {
      require_whole(result.packet);
      if (!op.mangled) require_pattern(op, result.packet);
    }
    require(reassembly.bytes() <= bounds.total_bytes);
    std::size_t held = 0;
    for (std::uint32_t vpc = 0; vpc < vpcs; ++vpc) held += reassembly.held(VpcIndex{vpc});
    require(given == ended + held);
    if (op.mangled) break;
  }
  for (std::uint32_t vpc = 0; vpc < vpcs; ++vpc) reassembly.forget({VpcIndex{vpc}});
  require(given == ended && reassembly.bytes() == 0);
  return 0;
}
