#include "dataplane/device/rtnetlink.h"

#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

namespace bgw::dataplane {

namespace {

constexpr std::size_t answer_bytes = 32 << 10;

// A request of one header and at most one attribute.
template <typename Header>
struct Request {
  nlmsghdr message{};
  Header header{};
  alignas(NLMSG_ALIGNTO) std::array<std::uint8_t, RTA_SPACE(sizeof(std::uint32_t))> attribute{};

  explicit Request(std::uint16_t type) {
    message.nlmsg_type = type;
    message.nlmsg_flags = NLM_F_REQUEST;
    message.nlmsg_len = NLMSG_LENGTH(sizeof header);
  }
  void add(std::uint16_t type, std::uint32_t value) {
    const rtattr head{.rta_len = RTA_LENGTH(sizeof value), .rta_type = type};
    std::memcpy(attribute.data(), &head, sizeof head);
    std::memcpy(attribute.data() + RTA_LENGTH(0), &value, sizeof value);
    message.nlmsg_len = NLMSG_ALIGN(message.nlmsg_len) + RTA_SPACE(sizeof value);
  }
};

// Calls `use` with the attributes, of type and 32-bit value, of the one answer of `type`; false
// when another one came.
template <typename Header, typename Use>
bool ask(const Request<Header>& request, std::uint16_t type, Use use) {
  const Descriptor socket{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
  if (!socket || send(socket.get(), &request, request.message.nlmsg_len, 0) < 0) return false;
  alignas(nlmsghdr) std::array<char, answer_bytes> answer;
  const auto received = recv(socket.get(), answer.data(), answer.size(), 0);
  const auto* message = reinterpret_cast<const nlmsghdr*>(answer.data());
  if (received < 0 || !NLMSG_OK(message, static_cast<std::uint32_t>(received)) ||
      message->nlmsg_type != type) {
    return false;
  }
  auto left = static_cast<int>(message->nlmsg_len - NLMSG_SPACE(sizeof(Header)));
  const char* data = answer.data() + NLMSG_SPACE(sizeof(Header));
  for (auto* next = reinterpret_cast<const rtattr*>(data); RTA_OK(next, left);
       next = RTA_NEXT(next, left)) {
    std::uint32_t value = 0;
    if (RTA_PAYLOAD(next) < sizeof value) continue;
    std::memcpy(&value, RTA_DATA(next), sizeof value);
    use(next->rta_type, value);
  }
  return true;
}

}  // namespace

std::optional<VethLink> veth_link(unsigned index) {
  Request<ifinfomsg> request{RTM_GETLINK};
  request.header.ifi_index = static_cast<int>(index);
  VethLink link;
  const bool known = ask(request, RTM_NEWLINK, [&](std::uint16_t type, std::uint32_t value) {
    if (type == IFLA_LINK) link.peer_index = value;
    if (type == IFLA_LINK_NETNSID) link.peer_namespace = static_cast<std::int32_t>(value);
  });
  if (!known || link.peer_index == 0) return std::nullopt;
  return link;
}

std::optional<std::int32_t> namespace_id(const Descriptor& network_namespace) {
  Request<rtgenmsg> request{RTM_GETNSID};
  request.add(NETNSA_FD, static_cast<std::uint32_t>(network_namespace.get()));
  std::optional<std::int32_t> id;
  ask(request, RTM_NEWNSID, [&](std::uint16_t type, std::uint32_t value) {
    if (type == NETNSA_NSID && value != static_cast<std::uint32_t>(NETNSA_NSID_NOT_ASSIGNED)) {
      id = static_cast<std::int32_t>(value);
    }
  });
  return id;
}

}  // namespace bgw::dataplane
