// Where the routes and lookups of random tests fall, and how long those tests are. A few bits of
// the address vary freely in each terrain, so that routes nest, repeat and share nodes.
#pragma once

#include <cstdlib>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "tests/unit/lpm/addresses.h"

namespace bgw::lpm::test {

// Over all terrains of both families, of which there are 13; ten lookups each. 10'000'000 is the
// long form (tests/lpm_long).
inline std::size_t updates_wanted() {
  const char* text = std::getenv("BGW_LPM_UPDATES");
  return text == nullptr ? 100'000 : std::stoul(text);
}

template <typename Address>
struct Terrain {
  const char* name;
  Address base;
  Address varying;              // bits of the address that vary
  unsigned (*length)(Random&);  // of most routes; now and then one is of any length
  std::size_t routes;           // about so many at a time
};

template <typename Address>
std::ostream& operator<<(std::ostream& out, const Terrain<Address>& terrain) {
  return out << terrain.name;
}

template <unsigned shortest, unsigned longest>
unsigned between(Random& random) {
  return shortest + random() % (longest - shortest + 1);
}

// A VPC's subnets, hosts in them, and what lies between now and then.
inline unsigned subnet_or_host(Random& random) {
  const unsigned kind = random() % 8;
  return kind < 3 ? 64 : kind < 6 ? 128 : between<48, 128>(random);
}

// As in a full table: nearly half /48, many /32–/47, some shorter.
inline unsigned bgp_length(Random& random) {
  const unsigned kind = random() % 100;
  return kind < 46   ? 48
         : kind < 60 ? 32
         : kind < 96 ? between<29, 47>(random)
                     : between<19, 28>(random);
}

inline std::span<const Terrain<Ipv4Address>> terrains(Ipv4Address) {
  static constexpr Terrain<Ipv4Address> all[] = {
      {"OneSubnet", ip(10, 1, 2, 0), 0x0000'00ff, between<8, 32>, 60},
      {"OneVpc", ip(10, 77, 0, 0), 0x0000'ffff, between<8, 32>, 400},
      {"TenSlash8", ip(10, 0, 0, 0), 0x00ff'ffff, between<8, 32>, 2000},
      {"Everywhere", 0, 0xffff'ffff, between<8, 32>, 500},
      {"SparseAndWide", 0, 0xc303'000f, between<8, 32>, 800},
      {"TheLast", 0xffff'0000, 0x0000'ffff, between<8, 32>, 300},
  };
  return all;
}

inline std::span<const Terrain<Ipv6Address>> terrains(Ipv6Address) {
  static constexpr std::uint64_t doc = 0x2001'0db8'0000'0000;
  static constexpr std::uint64_t ones = ~std::uint64_t{0};
  static constexpr Terrain<Ipv6Address> all[] = {
      {"OneSlash64", ip6(doc + 0x77'0001), ip6(0, 0x0300'0000'0001'00ff), between<56, 128>, 60},
      {"OneVpc", ip6(doc + 0x77'0000), ip6(0xffff, 0xff), subnet_or_host, 400},
      {"Internet", ip6(std::uint64_t{1} << 61), ip6(0x0403'00ff'00ff'0000), bgp_length, 2000},
      {"Everywhere", 0, ip6(ones, ones), between<1, 128>, 500},
      {"SparseAndWide", 0, ip6(0xc300'0300'000f'0000, 0x0003'0000'0000'000f), between<8, 128>, 800},
      {"NearAndDeep", ip6(doc), ip6(0x000f'0000'0000'0303, 0x8000'0000'0000'00ff), between<32, 128>,
       400},
      {"TheLast", ip6(ones, ones << 16), ip6(0, 0xffff), between<48, 128>, 300},
  };
  return all;
}

// Draws routes and questions from a terrain.
template <typename Address>
class Walker {
 public:
  Walker(const Terrain<Address>& terrain, Random::result_type seed)
      : random(seed), terrain_(terrain) {}

  Address address() { return terrain_.base | (random.address<Address>() & terrain_.varying); }
  Route<Address> route() {
    const bool any = random() % 16 == 0;
    const unsigned length = any ? random() % (address_bits<Address> + 1) : terrain_.length(random);
    const Address where = address();
    return test::route<Address>(where, length, random.value());
  }
  // Half of them at the ends of the routes of late.
  Address query() {
    if (recent_.empty() || random() % 2 == 0) {
      return random() % 32 == 0 ? random.address<Address>() : address();
    }
    return boundaries(recent_[random() % recent_.size()])[random() % 5];
  }
  void remember(const Route<Address>& r) {
    if (recent_.size() < 64) {
      recent_.push_back(r);
    } else {
      recent_[random() % recent_.size()] = r;
    }
  }

  Random random;

 private:
  const Terrain<Address> terrain_;
  std::vector<Route<Address>> recent_;
};

}  // namespace bgw::lpm::test
