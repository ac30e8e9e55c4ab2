#include "control/access/tokens.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/quoted.h"

namespace bgw::control {
namespace {

using Error = tl::unexpected<std::string>;

constexpr std::string_view token_prefix = "bgw_";
constexpr std::string_view hash_prefix = "sha256:";
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t most_name = 63;

template <std::size_t n>
std::string hex(const std::array<unsigned char, n>& bytes) {
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

template <std::size_t n>
std::optional<std::array<unsigned char, n>> of_hex(std::string_view text) {
  std::array<unsigned char, n> bytes{};
  if (text.size() != 2 * n) return std::nullopt;
  for (std::size_t i = 0; i < n; ++i) {
    const char* at = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(at, at + 2, bytes[i], 16);
    if (error != std::errc{} || end != at + 2) return std::nullopt;
  }
  return bytes;
}

std::array<unsigned char, 32> sha256(std::string_view text) {
  std::array<unsigned char, 32> hash{};
  unsigned size = hash.size();
  EVP_Digest(text.data(), text.size(), hash.data(), &size, EVP_sha256(), nullptr);
  return hash;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= most_name && text.front() != '#' &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

tl::expected<Tokens, std::string> Tokens::parse(std::string_view text, const std::string& file) {
  Tokens tokens;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    std::string name, role_text, hash_text, more;
    if (!(words >> name) || name.front() == '#') continue;
    const auto wrong = [&](const std::string& why) {
      return Error(fmt::format("{}:{}: {}", file, number, why));
    };
    if (!(words >> role_text >> hash_text) || words >> more) {
      return wrong("expected NAME ROLE sha256:HASH, as bgwd --make-token NAME ROLE prints it");
    }
    if (!is_name(name)) return wrong("the name has characters that are no printable ASCII");
    auto role = parse_role(role_text);
    if (!role) return wrong(role.error());
    const auto hash = hash_text.starts_with(hash_prefix)
                          ? of_hex<32>(std::string_view(hash_text).substr(hash_prefix.size()))
                          : std::nullopt;
    if (!hash) return wrong("expected sha256: and 64 hexadecimal digits");
    tokens.entries_.push_back({{std::move(name), std::move(*role)}, *hash});
  }
  return tokens;
}

tl::expected<Tokens, std::string> Tokens::load(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    return Error(fmt::format("cannot read {}: {}", file, std::strerror(errno)));
  }
  if ((status.st_mode & S_IWOTH) != 0) {
    return Error(fmt::format("{} is not read: everybody may write it; chmod o-w {}", file, file));
  }
  std::ifstream stream(file);
  std::ostringstream text;
  if (!S_ISREG(status.st_mode) || !stream || !(text << stream.rdbuf()).good()) {
    if (S_ISREG(status.st_mode) && status.st_size == 0) return Tokens();
    return Error(fmt::format("cannot read {}", file));
  }
  return parse(text.str(), file);
}

const Principal* Tokens::find(std::string_view token) const {
  // Only what make_token() makes: the hash of a word that somebody chose could be found.
  const bool is_token = token.starts_with(token_prefix) &&
                        of_hex<secret_bytes>(token.substr(token_prefix.size())).has_value();
  const auto hash = sha256(token);
  const Principal* found = nullptr;
  for (const auto& entry : entries_) {
    const bool is_it = CRYPTO_memcmp(entry.hash.data(), hash.data(), hash.size()) == 0;
    if (is_it && is_token) found = &entry.principal;
  }
  return found;
}

tl::expected<NewToken, std::string> make_token(const std::string& name, const std::string& role) {
  if (!is_name(name)) {
    return Error(fmt::format("name {}: expected 1 to {} printable characters without blanks",
                             config::quoted(name), most_name));
  }
  const auto parsed = parse_role(role);
  if (!parsed) return Error(parsed.error());
  std::array<unsigned char, secret_bytes> secret{};
  if (RAND_bytes(secret.data(), secret.size()) != 1) return Error("no random numbers can be had");
  auto token = fmt::format("{}{}", token_prefix, hex(secret));
  auto line = fmt::format("{} {} {}{}", name, to_string(*parsed), hash_prefix, hex(sha256(token)));
  return NewToken{std::move(token), std::move(line)};
}

}  // namespace bgw::control
