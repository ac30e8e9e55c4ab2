// bgwd's command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "control/api/server.h"
#include "control/store/sqlite_store.h"

namespace bgw::control {

enum class BgwdAction { run, check, print_routes, make_token, help, version };

struct BgwdOptions {
  BgwdAction action = BgwdAction::run;
  std::vector<std::string> config_files;  // exactly one, except for print_routes
  std::string state_dir{};                // none: what is committed ends with the process
  bool replace = false;                   // the configuration takes the place of what is stored
  std::uint32_t keep_generations = kept_generations;
  std::string socket = "/run/bgw/bgw.sock";
  // Groups whose members have that role at the socket; empty: none has.
  std::string admin_group{}, operator_group{}, reader_group{};
  ApiServer::Remote remote{};
  std::string token_name{}, token_role{};  // of make_token
  std::vector<unsigned> worker_cores;
  unsigned control_core = 0;
  std::uint32_t packet_buffers = 32'768;
  std::uint32_t packet_buffer_bytes = 2'048;
  std::uint32_t neighbours = 0;  // of each family; 0: as the configuration needs
  std::uint32_t neighbours_per_vpc = 16'384;
  std::uint32_t macs = 0;  // likewise
  std::uint32_t macs_per_vpc = 4'096;
  std::string log_level = "info";
  std::vector<std::string> eal_args;
};

// `arguments` without the program's name; `cores` are those that the process may run on, ascending.
// The error is one line.
tl::expected<BgwdOptions, std::string> parse_bgwd_options(const std::vector<std::string>& arguments,
                                                          const std::vector<unsigned>& cores);

// "1-3,5" → 1, 2, 3, 5.
tl::expected<std::vector<unsigned>, std::string> parse_core_list(const std::string& text);
// And back; `cores` ascending.
std::string core_list(const std::vector<unsigned>& cores);

std::string bgwd_help();

}  // namespace bgw::control
