#include "control/capture/pcapng.h"

namespace bgw::control {
namespace {

constexpr std::uint32_t section_block = 0x0a0d0d0a;
constexpr std::uint32_t interface_block = 1;
constexpr std::uint32_t packet_block = 6;
constexpr std::uint32_t byte_order_magic = 0x1a2b3c4d;
constexpr std::uint16_t link_type_ethernet = 1;
constexpr std::uint8_t nanoseconds = 9;  // 10^-9

enum Option : std::uint16_t {
  option_end = 0,
  option_comment = 1,
  section_application = 4,
  interface_name = 2,
  interface_resolution = 9,
  packet_flags = 2,
};
constexpr std::uint32_t flag_inbound = 1, flag_outbound = 2;

template <typename T>
void put(std::string& file, T value) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    file += static_cast<char>(value >> (8 * i));
  }
}

void put(std::string& file, Bytes bytes) {
  file.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void pad(std::string& file, std::size_t begin) {
  while ((file.size() - begin) % 4 != 0) file += '\0';
}

void put_option(std::string& file, Option code, std::string_view value) {
  put(file, static_cast<std::uint16_t>(code));
  put(file, static_cast<std::uint16_t>(value.size()));
  const std::size_t begin = file.size();
  file += value;
  pad(file, begin);
}

// The length stands at both ends of a block.
std::size_t begin_block(std::string& file, std::uint32_t type) {
  const std::size_t begin = file.size();
  put(file, type);
  put(file, std::uint32_t{0});
  return begin;
}

void end_block(std::string& file, std::size_t begin) {
  put(file, std::uint32_t{option_end});
  const auto length = static_cast<std::uint32_t>(file.size() - begin + sizeof(std::uint32_t));
  std::string bytes;
  put(bytes, length);
  file.replace(begin + sizeof(std::uint32_t), bytes.size(), bytes);
  file += bytes;
}

}  // namespace

void append_pcapng_section(std::string& file, std::string_view application) {
  const std::size_t begin = begin_block(file, section_block);
  put(file, byte_order_magic);
  put(file, std::uint16_t{1});  // version 1.0
  put(file, std::uint16_t{0});
  put(file, UINT64_MAX);  // the section's length is not known yet
  put_option(file, section_application, application);
  end_block(file, begin);
}

void append_pcapng_interface(std::string& file, std::string_view name, std::uint32_t snaplen) {
  const std::size_t begin = begin_block(file, interface_block);
  put(file, link_type_ethernet);
  put(file, std::uint16_t{0});
  put(file, snaplen);
  put_option(file, interface_name, name);
  const char resolution = nanoseconds;
  put_option(file, interface_resolution, {&resolution, 1});
  end_block(file, begin);
}

void append_pcapng_packet(std::string& file, const PcapngPacket& packet) {
  const std::size_t begin = begin_block(file, packet_block);
  put(file, packet.interface);
  put(file, static_cast<std::uint32_t>(packet.unix_ns >> 32));
  put(file, static_cast<std::uint32_t>(packet.unix_ns));
  put(file, static_cast<std::uint32_t>(packet.head.size() + packet.bytes.size()));
  put(file, static_cast<std::uint32_t>(packet.head.size()) + packet.original_bytes);
  const std::size_t data = file.size();
  put(file, packet.head);
  put(file, packet.bytes);
  pad(file, data);
  if (!packet.comment.empty()) put_option(file, option_comment, packet.comment);
  std::string flags;
  put(flags, packet.outbound ? flag_outbound : flag_inbound);
  put_option(file, packet_flags, flags);
  end_block(file, begin);
}

}  // namespace bgw::control
