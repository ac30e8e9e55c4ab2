#include <rte_errno.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>

#include "bench/lpm/dpdk4.h"

namespace bgw::bench {
namespace {

constexpr std::size_t group_size = RTE_LPM_TBL8_GROUP_NUM_ENTRIES;

rte_lpm_tbl_entry entry(std::uint32_t next_hop, unsigned depth, bool group) {
  rte_lpm_tbl_entry e{};
  e.next_hop = next_hop & 0xff'ffff;
  e.valid = 1;
  e.valid_group = group;
  e.depth = depth & 0x3f;
  return e;
}

class LpmTable : public Table<Ipv4Address> {
 public:
  explicit LpmTable(std::span<const lpm::Ipv4Route> room_for) {
    static unsigned count = 0;
    std::set<Ipv4Address> extended;
    for (const auto& route : room_for) {
      if (route.length > 24) extended.insert(route.address >> 8);
    }
    rte_lpm_config config{};
    config.max_rules = static_cast<std::uint32_t>(room_for.size());
    config.number_tbl8s = static_cast<std::uint32_t>(extended.size()) + 1;
    lpm_.reset(rte_lpm_create(("lpm" + std::to_string(count++)).c_str(), SOCKET_ID_ANY, &config));
    if (!lpm_) throw std::runtime_error(std::string("rte_lpm_create: ") + rte_strerror(rte_errno));
  }

  void add(const lpm::Ipv4Route& route) override {
    const int error = rte_lpm_add(lpm_.get(), route.address, route.length, route.value);
    if (error != 0) throw std::runtime_error(std::string("rte_lpm_add: ") + rte_strerror(-error));
  }
  void remove(const lpm::Ipv4Route& route) override {
    const int error = rte_lpm_delete(lpm_.get(), route.address, route.length);
    if (error != 0) {
      throw std::runtime_error(std::string("rte_lpm_delete: ") + rte_strerror(-error));
    }
  }

  // rte_lpm_add() compares each new rule with all of its length: minutes for a full table. Lookups
  // see only these two public arrays, so they get here what it would write, the groups in the order
  // of their addresses, which caches like at least as well as the order of arrival.
  void fill(std::span<const lpm::Ipv4Route> routes) override {
    Routes<Ipv4Address> sorted(routes.begin(), routes.end());
    std::ranges::sort(sorted, {}, [](const auto& r) { return std::tuple(r.length, r.address); });
    std::uint32_t groups = 0;
    for (const auto& route : sorted) {
      rte_lpm_tbl_entry& first = lpm_->tbl24[route.address >> 8];
      if (route.length <= 24) {
        std::fill_n(&first, std::size_t{1} << (24 - route.length),
                    entry(route.value, route.length, false));
        continue;
      }
      if (!first.valid_group) {
        rte_lpm_tbl_entry inherited = first;
        inherited.valid_group = 1;
        std::fill_n(&lpm_->tbl8[groups * group_size], group_size, inherited);
        first = entry(groups++, 0, true);
      }
      std::fill_n(&lpm_->tbl8[first.next_hop * group_size + (route.address & 0xff)],
                  std::size_t{1} << (32 - route.length), entry(route.value, route.length, true));
    }
  }

  std::vector<Subject> subjects(const Queries<Ipv4Address>& queries) override {
    struct alignas(64) Entries {
      std::uint32_t of[batch_size];
    };
    auto entries = std::make_shared<Entries>();
    return {{
        .name = "rte_lpm bulk",
        .batch =
            [lpm = lpm_.get(), entries, &queries](std::size_t first) {
              rte_lpm_lookup_bulk(lpm, &queries.addresses[first], entries->of, batch_size);
            },
        .answer =
            [entries](std::size_t i) {
              const std::uint32_t e = entries->of[i];
              return (e & RTE_LPM_LOOKUP_SUCCESS) != 0 ? e & 0xff'ffff : 0;
            },
        .expected = &queries.answers,
    }};
  }

 private:
  struct Free {
    void operator()(rte_lpm* lpm) const { rte_lpm_free(lpm); }
  };
  std::unique_ptr<rte_lpm, Free> lpm_;
};

}  // namespace

Kind<Ipv4Address> lpm_kind() {
  return {
      .name = "rte_lpm",
      .make = [](std::span<const lpm::Ipv4Route> room_for) -> std::unique_ptr<Table<Ipv4Address>> {
        return std::make_unique<LpmTable>(room_for);
      },
      .update_seconds = 1};
}

}  // namespace bgw::bench
