// bgp_speaker FROM TO ASN NEXT-HOP4 NEXT-HOP6: an iBGP session from one address to another. Reads a
// line at a time and answers each: "announce PREFIX…", "withdraw PREFIX…", "refresh", "state": its
// state as JSON; "dump": every path that it knows. Ends with its input.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/bgp/speaker.h"

namespace {

using namespace bgw;
using test::Speaker;

// Whole lines of what comes.
class Lines {
 public:
  // False: the input has ended.
  bool read() {
    char bytes[65536];
    const auto count = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (count > 0) text_.append(bytes, static_cast<std::size_t>(count));
    return count > 0;
  }
  std::optional<std::string> next() {
    const auto end = text_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    auto line = text_.substr(0, end);
    text_.erase(0, end + 1);
    return line;
  }

 private:
  std::string text_;
};

int milliseconds_until(Speaker::TimePoint wake, Speaker::TimePoint now) {
  if (wake <= now) return 0;
  const auto left = std::min<Speaker::TimePoint::duration>(wake - now, std::chrono::seconds{1});
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

void run(Speaker& speaker) {
  Lines lines;
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    speaker.poll(now);
    pollfd waiting[] = {{STDIN_FILENO, POLLIN, 0},
                        {speaker.descriptor(),
                         static_cast<short>(POLLIN | (speaker.wants_to_write() ? POLLOUT : 0)), 0}};
    ::poll(waiting, 2, milliseconds_until(speaker.wake_at(), now));
    if (waiting[1].revents != 0) speaker.ready(std::chrono::steady_clock::now());
    if (waiting[0].revents != 0 && !lines.read()) return;
    while (const auto line = lines.next()) {
      std::puts(speaker.command(*line).c_str());
      std::fflush(stdout);
    }
  }
}

}  // namespace

int main(int count, char** words) {
  if (count != 6) {
    std::fputs("usage: bgp_speaker FROM TO ASN NEXT-HOP4 NEXT-HOP6\n", stderr);
    return 2;
  }
  const auto address = [&](int at) { return config::IpAddress::parse(words[at]).value(); };
  Speaker speaker({address(1), address(2), address(4), address(5)},
                  static_cast<std::uint32_t>(std::strtoul(words[3], nullptr, 10)));
  run(speaker);
}
