// Bearer tokens (RFC 6750): who has which role from the network.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "control/access/role.h"

namespace bgw::control {

struct Principal {
  std::string name;
  Role role;
};

// Of a file with a line for each token: NAME ROLE sha256:HASH; empty lines and those that begin
// with
// '#' say nothing. A token is 256 random bits, which nobody guesses, so that a fast hash does: a
// slow one would let strangers keep the control loop busy.
class Tokens {
 public:
  Tokens() = default;
  // The error is one line, with file and line.
  static tl::expected<Tokens, std::string> parse(std::string_view text, const std::string& file);
  static tl::expected<Tokens, std::string> load(const std::string& file);

  // Null when it is nobody's. Takes as long whichever of them it is like.
  const Principal* find(std::string_view token) const;

 private:
  using Hash = std::array<unsigned char, 32>;
  struct Entry {
    Principal principal;
    Hash hash;
  };
  std::vector<Entry> entries_;
};

struct NewToken {
  std::string token;  // for whoever is called so, and for nobody else
  std::string line;   // for the file
};
// The error says what is wrong with name or role.
tl::expected<NewToken, std::string> make_token(const std::string& name, const std::string& role);

}  // namespace bgw::control
