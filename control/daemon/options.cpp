#include "control/daemon/options.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/program_options.hpp>

namespace bgw::control {
namespace {

namespace po = boost::program_options;

constexpr unsigned max_core = 1023;
// Fewer would not fill the queues of one port; more than 40 GB is a mistake.
constexpr std::uint32_t packet_buffers_min = 4'096;
constexpr std::uint32_t packet_buffers_max = 16'777'216;
constexpr std::uint32_t packet_buffer_bytes_min = 2'048;
constexpr std::uint32_t packet_buffer_bytes_max = 16'384;
constexpr std::uint32_t keep_generations_max = 1'000'000;
// Fewer would not do for one VPC; more is a mistake.
constexpr std::uint32_t shared_min = 8'192;
constexpr std::uint32_t shared_max = 16'777'216;
constexpr std::uint32_t per_vpc_min = 64;

po::options_description descriptions() {
  const auto packet_buffers =
      fmt::format("for all ports and queues together, of about 2.4 KB each (default {})",
                  BgwdOptions{}.packet_buffers);
  const auto keep_generations = fmt::format(
      "how many generations are kept, the newest (default {})", BgwdOptions{}.keep_generations);
  const auto per_vpc = fmt::format("that one VPC may have while there is room (default {})",
                                   BgwdOptions{}.neighbours_per_vpc);
  const auto macs_per_vpc = fmt::format("that one VPC may have while there is room (default {})",
                                        BgwdOptions{}.macs_per_vpc);
  po::options_description options("Options");
  options.add_options()  //
      ("config", po::value<std::vector<std::string>>()->value_name("FILE"),
       "configuration to run, check or print; --print-routes takes several, applied in turn")  //
      ("state-dir", po::value<std::string>()->value_name("DIR"),
       "where generations are kept; without it they end with the process")         //
      ("replace", "with --state-dir: the file takes the place of what is stored")  //
      ("keep-generations", po::value<std::string>()->value_name("N"),
       keep_generations.c_str())  //
      ("socket", po::value<std::string>()->value_name("PATH"),
       "where bgwctl connects (default /run/bgw/bgw.sock)")  //
      ("admin-group", po::value<std::string>()->value_name("GROUP"),
       "whose members are admins at the socket, beside root and bgwd's user (default: without any "
       "of these groups, all whom the socket's mode lets in)")  //
      ("operator-group", po::value<std::string>()->value_name("GROUP"),
       "whose members change all but ports and devices")  //
      ("reader-group", po::value<std::string>()->value_name("GROUP"),
       "whose members see all but devices, and change nothing")  //
      ("listen", po::value<std::vector<std::string>>()->value_name("ADDRESS:PORT"),
       "where clients of the network connect, who bring tokens; may be given several times; "
       "without "
       "TLS only 127.0.0.1 or [::1]")  //
      ("tls-cert", po::value<std::string>()->value_name("FILE"),
       "certificate and chain for --listen, PEM; SIGHUP reads it again")                   //
      ("tls-key", po::value<std::string>()->value_name("FILE"), "its key, PEM; likewise")  //
      ("token-file", po::value<std::string>()->value_name("FILE"),
       "who may connect, as --make-token prints it; SIGHUP reads it again")  //
      ("host", po::value<std::vector<std::string>>()->value_name("NAME"),
       "a name by which clients of --listen know this host, beside its addresses; several times")  //
      ("make-token", po::value<std::vector<std::string>>()->multitoken()->value_name("NAME ROLE"),
       "print a new token and its line for --token-file, and exit; ROLE is reader, operator, admin "
       "or tenant:ACCOUNT")  //
      ("workers", po::value<std::string>()->value_name("CORES"),
       "cores that forward, such as 1-3 or 1,3 (default: one core)")  //
      ("control-core", po::value<unsigned>()->value_name("CORE"),
       "core of the control thread (default 0, or the first that bgwd may run on)")  //
      ("packet-buffers", po::value<std::string>()->value_name("N"),
       packet_buffers.c_str())  //
      ("packet-buffer-bytes", po::value<std::string>()->value_name("BYTES"),
       "size of each, for jumbo frames on net_af_packet (default 2048)")  //
      ("neighbors", po::value<std::string>()->value_name("N"),
       "neighbors of each family, of all VPCs together (default: 64 for each VPC of the "
       "configuration, for 5000 at least, and room beyond)")                             //
      ("neighbors-per-vpc", po::value<std::string>()->value_name("N"), per_vpc.c_str())  //
      ("macs", po::value<std::string>()->value_name("N"),
       "MACs behind tunnels, of all VXLAN VPCs together (default: as many as neighbors)")  //
      ("macs-per-vpc", po::value<std::string>()->value_name("N"), macs_per_vpc.c_str())    //
      ("check", "check the configuration and exit; needs neither root nor devices")        //
      ("print-routes", "print the computed route tables as JSON and exit; likewise")       //
      ("log-level", po::value<std::string>()->value_name("LEVEL"),
       "trace, debug, info, warning, error or off (default info)")  //
      ("version", "print the version and exit")                     //
      ("help,h", "print this and exit");
  return options;
}

std::optional<std::uint32_t> parse_number(std::string_view text, std::uint32_t least,
                                          std::uint32_t most) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (number < least || number > most) return std::nullopt;
  return number;
}

tl::expected<unsigned, std::string> parse_core(std::string_view text) {
  const auto core = parse_number(text, 0, max_core);
  if (!core) return tl::unexpected(fmt::format("'{}' is not a core (0 to {})", text, max_core));
  return *core;
}

BgwdAction action_of(const po::variables_map& given) {
  if (given.contains("help")) return BgwdAction::help;
  if (given.contains("version")) return BgwdAction::version;
  if (given.contains("make-token")) return BgwdAction::make_token;
  if (given.contains("check")) return BgwdAction::check;
  if (given.contains("print-routes")) return BgwdAction::print_routes;
  return BgwdAction::run;
}

std::optional<std::string> wrong_remote(const ApiServer::Remote& remote) {
  if (remote.certificate.empty() != remote.key.empty()) {
    return "--tls-cert and --tls-key belong together";
  }
  if (remote.listen.empty()) {
    if (remote.token_file.empty() && remote.certificate.empty() && remote.names.empty()) {
      return std::nullopt;
    }
    return "--tls-cert, --token-file and --host are for --listen, which is missing";
  }
  if (!remote.token_file.empty()) return std::nullopt;
  return "--listen needs --token-file FILE; bgwd --make-token NAME ROLE prints lines for it";
}

void take_remote(const po::variables_map& given, ApiServer::Remote& remote) {
  const auto take = [&]<typename T>(const char* name, T& into) {
    if (given.contains(name)) into = given[name].as<T>();
  };
  take("listen", remote.listen);
  take("tls-cert", remote.certificate);
  take("tls-key", remote.key);
  take("token-file", remote.token_file);
  take("host", remote.names);
}

std::optional<std::string> wrong_usage(const po::variables_map& given, const BgwdOptions& options) {
  static constexpr std::string_view levels[] = {"trace",   "debug", "info",
                                                "warning", "error", "off"};
  if (given.contains("check") && given.contains("print-routes")) {
    return "--check and --print-routes exclude each other";
  }
  if (options.config_files.empty()) return "--config FILE is missing; see bgwd --help";
  if (options.config_files.size() > 1 && options.action != BgwdAction::print_routes) {
    return "--config can be given once (several times only with --print-routes)";
  }
  if (std::ranges::find(levels, options.log_level) == std::end(levels)) {
    return fmt::format("--log-level '{}': expected one of {}", options.log_level,
                       fmt::join(levels, ", "));
  }
  return std::nullopt;
}

std::optional<std::string> choose_number(const po::variables_map& given, const char* option,
                                         std::uint32_t least, std::uint32_t most,
                                         std::uint32_t& into) {
  if (!given.contains(option)) return std::nullopt;
  const auto& text = given[option].as<std::string>();
  const auto number = parse_number(text, least, most);
  if (!number) {
    return fmt::format("--{} '{}': expected a number from {} to {}", option, text, least, most);
  }
  into = *number;
  return std::nullopt;
}

std::optional<std::string> choose_numbers(const po::variables_map& given, BgwdOptions& options) {
  auto wrong = choose_number(given, "packet-buffers", packet_buffers_min, packet_buffers_max,
                             options.packet_buffers);
  const auto also = [&](const char* option, std::uint32_t least, std::uint32_t most,
                        std::uint32_t& into) {
    if (!wrong) wrong = choose_number(given, option, least, most, into);
  };
  also("packet-buffer-bytes", packet_buffer_bytes_min, packet_buffer_bytes_max,
       options.packet_buffer_bytes);
  also("keep-generations", 1, keep_generations_max, options.keep_generations);
  also("neighbors", shared_min, shared_max, options.neighbours);
  also("neighbors-per-vpc", per_vpc_min, shared_max, options.neighbours_per_vpc);
  also("macs", shared_min, shared_max, options.macs);
  also("macs-per-vpc", per_vpc_min, shared_max, options.macs_per_vpc);
  return wrong;
}

bool contains(const std::vector<unsigned>& cores, unsigned core) {
  return std::ranges::find(cores, core) != cores.end();
}

std::string not_usable(const char* option, unsigned core, const std::vector<unsigned>& cores) {
  return fmt::format("{}: bgwd can't run on core {}; it may use {} (affinity, or its cpuset)",
                     option, core, core_list(cores));
}

// Core 0 where it can be had: it has most of the host's other work, too.
std::optional<std::string> choose_control_core(const po::variables_map& given, BgwdOptions& options,
                                               const std::vector<unsigned>& cores) {
  if (given.contains("control-core")) {
    options.control_core = given["control-core"].as<unsigned>();
    if (contains(cores, options.control_core)) return std::nullopt;
    return not_usable("--control-core", options.control_core, cores);
  }
  if (contains(cores, options.control_core)) return std::nullopt;
  const auto core = std::ranges::find_if(
      cores, [&](unsigned candidate) { return !contains(options.worker_cores, candidate); });
  if (core == cores.end()) {
    return fmt::format(
        "no core is left for the control thread: bgwd may run on {}, and --workers "
        "has them all",
        core_list(cores));
  }
  options.control_core = *core;
  return std::nullopt;
}

std::optional<std::string> choose_cores(const po::variables_map& given, BgwdOptions& options,
                                        const std::vector<unsigned>& cores) {
  if (given.contains("workers")) {
    auto workers = parse_core_list(given["workers"].as<std::string>());
    if (!workers) return "--workers: " + workers.error();
    options.worker_cores = std::move(*workers);
    for (const auto core : options.worker_cores) {
      if (!contains(cores, core)) return not_usable("--workers", core, cores);
    }
  }
  if (auto wrong = choose_control_core(given, options, cores)) return wrong;
  if (contains(options.worker_cores, options.control_core)) {
    return fmt::format("core {} can't be both a worker and the control core; see --control-core",
                       options.control_core);
  }
  if (!options.worker_cores.empty()) return std::nullopt;
  const auto core = std::ranges::find_if(
      cores, [&](unsigned candidate) { return candidate != options.control_core; });
  if (core == cores.end()) {
    return fmt::format(
        "no core is left for a worker: bgwd may run on core {} only and needs two (a control core "
        "and a worker)",
        core_list(cores));
  }
  options.worker_cores = {*core};
  return std::nullopt;
}

}  // namespace

std::string core_list(const std::vector<unsigned>& cores) {
  std::string text;
  for (std::size_t i = 0; i < cores.size();) {
    std::size_t last = i;
    while (last + 1 < cores.size() && cores[last + 1] == cores[last] + 1) ++last;
    text += text.empty() ? "" : ",";
    text += last == i ? fmt::format("{}", cores[i]) : fmt::format("{}-{}", cores[i], cores[last]);
    i = last + 1;
  }
  return text;
}

tl::expected<std::vector<unsigned>, std::string> parse_core_list(const std::string& text) {
  std::vector<unsigned> cores;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ',');) {
    const auto dash = item.find('-');
    const auto first = parse_core(std::string_view(item).substr(0, dash));
    const auto last = dash == std::string::npos ? first : parse_core(item.substr(dash + 1));
    if (!first) return tl::unexpected(first.error());
    if (!last) return tl::unexpected(last.error());
    if (*last < *first) return tl::unexpected(fmt::format("'{}' runs backwards", item));
    for (auto core = *first; core <= *last; ++core) cores.push_back(core);
  }
  if (cores.empty() || text.ends_with(',')) {
    return tl::unexpected(fmt::format("'{}' is not a list of cores such as 1-3", text));
  }
  std::ranges::sort(cores);
  if (std::ranges::adjacent_find(cores) != cores.end()) {
    return tl::unexpected(fmt::format("'{}' names a core twice", text));
  }
  return cores;
}

tl::expected<BgwdOptions, std::string> parse_bgwd_options(const std::vector<std::string>& arguments,
                                                          const std::vector<unsigned>& cores) {
  const auto separator = std::ranges::find(arguments, "--");
  BgwdOptions options;
  if (separator != arguments.end()) options.eal_args.assign(separator + 1, arguments.end());
  po::variables_map given;
  try {
    const auto allowed = descriptions();
    const po::positional_options_description none;
    po::store(
        po::command_line_parser(std::vector<std::string>(arguments.begin(), separator))
            .options(allowed)
            .positional(none)
            .style(po::command_line_style::default_style & ~po::command_line_style::allow_guessing)
            .run(),
        given);
  } catch (const po::error& error) {
    return tl::unexpected(fmt::format("{}; see bgwd --help", error.what()));
  }
  options.action = action_of(given);
  if (options.action == BgwdAction::help || options.action == BgwdAction::version) return options;
  if (options.action == BgwdAction::make_token) {
    const auto& words = given["make-token"].as<std::vector<std::string>>();
    if (words.size() != 2)
      return tl::unexpected(std::string("--make-token: expected NAME and ROLE"));
    options.token_name = words[0];
    options.token_role = words[1];
    return options;
  }

  const auto take = [&](const char* name, std::string& into) {
    if (given.contains(name)) into = given[name].as<std::string>();
  };
  if (given.contains("config"))
    options.config_files = given["config"].as<std::vector<std::string>>();
  take("state-dir", options.state_dir);
  options.replace = given.contains("replace");
  take("socket", options.socket);
  take("admin-group", options.admin_group);
  take("operator-group", options.operator_group);
  take("reader-group", options.reader_group);
  take("log-level", options.log_level);
  take_remote(given, options.remote);
  if (auto wrong = wrong_remote(options.remote)) return tl::unexpected(std::move(*wrong));
  if (auto wrong = wrong_usage(given, options)) return tl::unexpected(std::move(*wrong));
  if (options.action != BgwdAction::run) return options;
  if (auto wrong = choose_numbers(given, options)) return tl::unexpected(std::move(*wrong));
  if (auto wrong = choose_cores(given, options, cores)) return tl::unexpected(std::move(*wrong));
  return options;
}

std::string bgwd_help() {
  std::ostringstream text;
  text << "usage: bgwd --config FILE [options] [-- EAL options]\n\n"
          "The border gateway: connects VPCs as FILE says, until SIGINT, SIGQUIT or SIGTERM.\n"
          "SIGHUP reads FILE again and commits what it says.\n\n"
       << descriptions();
  return text.str();
}

}  // namespace bgw::control
