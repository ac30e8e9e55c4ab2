// net_af_packet joins its sockets, even a single one, to a fanout group that has IPv4 fragments put
// together first (PACKET_FANOUT_FLAG_DEFRAG): what a router must pass on as it came arrives as one
// packet, larger than a frame of the ring, and is lost. The driver has no option for it. Its call
// comes by here on its way to the C library, because a program's own symbols come first.
#include <dlfcn.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "dataplane/device/kernel_interface.h"

extern "C" __attribute__((visibility("default"))) int setsockopt(int socket, int level, int option,
                                                                 const void* value,
                                                                 socklen_t bytes) noexcept {
  int fanout = 0;
  if (level == SOL_PACKET && option == PACKET_FANOUT && bytes == sizeof fanout) {
    std::memcpy(&fanout, value, sizeof fanout);
    fanout &= ~(PACKET_FANOUT_FLAG_DEFRAG << 16);
    value = &fanout;
  }
  return static_cast<int>(syscall(SYS_setsockopt, socket, level, option, value, bytes));
}

namespace bgw::dataplane {

bool fragments_arrive_as_sent() {
  return dlsym(RTLD_DEFAULT, "setsockopt") == reinterpret_cast<void*>(&::setsockopt);
}

}  // namespace bgw::dataplane
