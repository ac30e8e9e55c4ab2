// Measures one case of bench/run lpm, which calls it: lpm_bench CASE ROUNDS ROUTES -- EAL-OPTIONS.
// Prints one JSON object a line.
#include <rte_eal.h>
#include <rte_errno.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "bench/lpm/cases.h"
#include "bench/lpm/timing.h"

int main(int argc, char** argv) {
  constexpr int own_arguments = 4;  // its name and three more
  if (argc <= own_arguments) {
    std::fprintf(stderr, "lpm_bench is called by bench/run lpm\n");
    return EXIT_FAILURE;
  }
  if (rte_eal_init(argc - own_arguments, argv + own_arguments) < 0) {
    std::fprintf(stderr, "DPDK did not start: %s\n", rte_strerror(rte_errno));
    return EXIT_FAILURE;
  }
  int status = EXIT_SUCCESS;
  try {
    bgw::bench::pin_this_thread(bgw::bench::lookup_core);
    bgw::bench::run_case(argv[1],
                         {.routes = argv[3], .rounds = static_cast<unsigned>(std::atoi(argv[2]))});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[1], error.what());
    status = EXIT_FAILURE;
  }
  rte_eal_cleanup();
  return status;
}
