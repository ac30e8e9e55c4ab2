// Packets of a capture's file, each as a line for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bgw::cli {

// What a frame is, as far as its headers say: "10.1.1.10 > 10.2.1.10 ICMP".
std::string describe_frame(std::string_view frame);

class CaptureText {
 public:
  // Reads the next piece of the file, which is made of whole blocks, and appends a line per packet.
  // What isn't pcapng ends the piece.
  void read(std::string_view piece, std::string& lines);
  std::uint64_t packets() const { return packets_; }  // read so far

 private:
  void read_packet(std::string_view body, std::string& lines);
  std::vector<std::string> interfaces_;
  std::uint64_t packets_ = 0;
};

}  // namespace bgw::cli
