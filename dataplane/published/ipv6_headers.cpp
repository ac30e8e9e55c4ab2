#include "dataplane/published/ipv6_headers.h"

namespace bgw::dataplane {

namespace {

using Problem = std::optional<Ipv6HeaderProblem>;

constexpr std::size_t next_header_at = offsetof(Ipv6Header, next_header);
constexpr std::size_t payload_length_at = offsetof(Ipv6Header, payload_length);
constexpr std::uint8_t option_pad_1 = 0, option_pad_n = 1;

// What is to be done with an unknown option: its type's two highest bits.
enum OptionAction : std::uint8_t { skip, discard, tell, tell_unless_group };

Problem problem_at(std::uint8_t code, std::size_t pointer) noexcept {
  return Ipv6HeaderProblem{.code = code, .pointer = static_cast<std::uint32_t>(pointer)};
}

// RFC 8200 §4.2, of the option at `at`, which is whole.
Problem check_option(const std::uint8_t* ip, std::size_t at) noexcept {
  const std::uint8_t type = ip[at];
  if (type == option_pad_n) return std::nullopt;
  const auto action = static_cast<OptionAction>(type >> 6);
  if (action == skip) return std::nullopt;
  return Ipv6HeaderProblem{.told = action != discard,
                           .also_to_group = action == tell,
                           .code = problem_option,
                           .pointer = static_cast<std::uint32_t>(at)};
}

Problem check_options(const std::uint8_t* ip, std::size_t at, std::size_t end) noexcept {
  while (at < end) {
    if (ip[at] == option_pad_1) {
      ++at;
      continue;
    }
    if (at + 1 >= end) return problem_at(problem_field, at);
    const std::size_t next = at + 2 + ip[at + 1];
    if (next > end) return problem_at(problem_field, at + 1);
    if (const Problem problem = check_option(ip, at)) return problem;
    at = next;
  }
  return std::nullopt;
}

// RFC 8200 §4.4: what comes of a routing type that isn't known depends on what is left to do.
Problem check_routing(const std::uint8_t* ip, std::size_t at) noexcept {
  const std::uint8_t segments_left = ip[at + 3];
  return segments_left == 0 ? std::nullopt : problem_at(problem_field, at + 2);
}

bool is_walked(std::uint8_t protocol) noexcept {
  return protocol == protocol_hop_by_hop || protocol == protocol_destination_options ||
         protocol == protocol_routing || protocol == protocol_fragment;
}

}  // namespace

std::optional<Ipv6HeaderProblem> find_ipv6_header_problem(const std::uint8_t* ip,
                                                          std::size_t readable) noexcept {
  std::uint8_t protocol = ip[next_header_at];
  std::size_t named_at = next_header_at;
  std::size_t at = sizeof(Ipv6Header);
  for (unsigned n = 0; is_walked(protocol); ++n) {
    const bool first = named_at == next_header_at;
    if (protocol == protocol_hop_by_hop && !first) return problem_at(problem_next_header, named_at);
    if (n == ipv6_max_extension_headers) return problem_at(problem_many_headers, at);
    if (at + 8 > readable) return problem_at(problem_field, payload_length_at);
    Problem problem;
    std::size_t bytes = ipv6_fragment_header_bytes;
    if (protocol == protocol_fragment) {
      if ((load<Be16>(ip + at + 2).to_host() & 0xfff9) != 0) return std::nullopt;
    } else {
      bytes = (std::size_t{ip[at + 1]} + 1) * 8;
      if (at + bytes > readable) return problem_at(problem_field, at + 1);
      problem = protocol == protocol_routing ? check_routing(ip, at)
                                             : check_options(ip, at + 2, at + bytes);
    }
    if (problem) return problem;
    protocol = ip[at];
    named_at = at;
    at += bytes;
  }
  if (protocol == protocol_authentication) return problem_at(problem_next_header, named_at);
  return std::nullopt;
}

}  // namespace bgw::dataplane
