#include "tests/unit/fib/fib_words.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "control/packets/addresses.h"
#include "lpm/lpm.h"

namespace bgw::test {
namespace {

using control::to_address;
using dataplane::NextHop;
using dataplane::NextHopKind;
using dataplane::TableIndex;
using dataplane::VpcIndex;

class Words {
 public:
  Words(const dataplane::FibSnapshot& fib, const control::FibView& view) : fib_(fib) {
    view.vpcs.for_each([&](const auto& name, VpcIndex index) { names_[index.value] = name; });
  }

  void slot(const std::string& name, VpcIndex index) {
    const auto& slot = fib_.vpcs.at(index.value);
    const auto at = static_cast<std::size_t>(slot.tags.bytes / sizeof(dataplane::VlanTag));
    std::string text =
        fmt::format("{}: {} {} {} port {} mtu {} kind {} dscp {} vni {}", name, slot.in_use,
                    slot.enabled, slot.mac.to_string(), slot.port.value, slot.mtu,
                    static_cast<int>(slot.kind), slot.uniform_dscp, slot.vni);
    for (std::size_t i = 0; i < at; ++i) {
      text += fmt::format(" tag {:x} {:x}", slot.tags.tags[i].tag_type.to_host(),
                          slot.tags.tags[i].control.to_host());
    }
    for (std::uint32_t i = 0; i < slot.remote_count; ++i) {
      const auto& remote = fib_.remotes.at(slot.first_remote + i);
      const auto& tunnel = fib_.tunnels.at(remote.tunnel.value);
      text += fmt::format(" remote {} by {} of {} over {}", remote.vtep.to_string(),
                          tunnel.next_hop.to_string(), tunnel.remote.to_string(),
                          name_of(tunnel.underlay));
      for (std::size_t b = 0; b < tunnel.header_bytes; ++b) {
        text += fmt::format("{:02x}", tunnel.header[b]);
      }
    }
    if (slot.outside) {
      const auto& like_attachment = fib_.attachments.at(slot.attachment.value);
      EXPECT_EQ(like_attachment.gateway, slot.gateway) << name;
      EXPECT_EQ(like_attachment.vpc, index) << name;
      text += " outside";
    }
    if (slot.kind == dataplane::LinkKind::underlay) underlay(name, fib_.underlays[slot.underlay]);
    lines_.push_back(text);
  }

  void ports() {
    for (std::size_t i = 0; i < fib_.ports.size(); ++i) {
      const auto& port = fib_.ports[i];
      const auto own = [&](const std::string& tags, VpcIndex owner) {
        if (owner == dataplane::no_vpc) return;
        lines_.push_back(fmt::format("port {} {}: {}", i, tags, name_of(owner)));
      };
      own("untagged", port.owner(0));
      for (std::uint16_t vlan = 1; vlan < 64; ++vlan) {
        own(fmt::format("vlan {}", vlan), port.owner(vlan));
        for (std::uint16_t outer = 1; outer < 8; ++outer) {
          own(fmt::format("vlan {}.{}", outer, vlan), port.owner(outer, vlan));
        }
      }
    }
  }

  void answers(const std::string& name, VpcIndex index,
               const std::vector<config::IpAddress>& addresses) {
    const auto& slot = fib_.vpcs.at(index.value);
    std::set<std::uint32_t> tables{slot.main_table.value};
    for (const auto& source : addresses) {
      const auto table = look_up(slot.source_table, source);
      lines_.push_back(fmt::format("{} from {}: {}", name, source.to_string(),
                                   table.kind() == NextHopKind::table));
      if (table.kind() == NextHopKind::table) tables.insert(table.index());
    }
    for (const auto& source : addresses) {
      const auto table = look_up(slot.source_table, source);
      if (table.kind() != NextHopKind::table || !tables.erase(table.index())) continue;
      for (const auto& to : addresses) {
        lines_.push_back(fmt::format("{} {} -> {}: {}", name, source.to_string(), to.to_string(),
                                     meaning(look_up(TableIndex{table.index()}, to), to)));
      }
    }
    for (const auto& to : addresses) {
      lines_.push_back(fmt::format("{} main -> {}: {}", name, to.to_string(),
                                   meaning(look_up(slot.main_table, to), to)));
    }
  }

  // X2: what the gateway of an outside interface says of a source.
  void spoofed(const std::string& name, VpcIndex index, const config::IpAddress& source) {
    lines_.push_back(
        fmt::format("{} X2 {}: {}", name, source.to_string(),
                    meaning(look_up(fib_.vpcs.at(index.value).gateway, source), source, true)));
  }

  void slots_in_use() {
    lines_.push_back(
        fmt::format("{} slots", std::ranges::count(fib_.vpcs, true, &dataplane::VpcFib::in_use)));
  }

  std::vector<std::string> take() {
    std::ranges::sort(lines_);
    return std::move(lines_);
  }

 private:
  std::string name_of(VpcIndex index) const {
    const auto found = names_.find(index.value);
    return found == names_.end() ? "?" : found->second;
  }

  void underlay(const std::string& name, const dataplane::UnderlayFib& underlay) {
    for (const auto& own : underlay.own) lines_.push_back(name + " own " + own.to_string());
    for (const auto& [place, vpc] : underlay.vnis) {
      if (place == 0) continue;
      EXPECT_EQ(underlay.owner(place - 1), vpc);
      lines_.push_back(fmt::format("{} vni {}: {}", name, place - 1, name_of(vpc)));
    }
  }

  NextHop look_up(TableIndex table, const config::IpAddress& address) const {
    const auto key = to_address(address);
    if (key.is_v4()) {
      return NextHop{lpm::lookup(fib_.lpm_base, fib_.tables.at(table.value), key.as_v4())};
    }
    return NextHop{
        lpm::lookup(fib_.lpm_base, fib_.tables_v6.at(table.value), dataplane::lpm_key(key))};
  }

  std::string meaning(NextHop hop, const config::IpAddress& to, bool in_gateway = false) const {
    switch (hop.kind()) {
      case NextHopKind::attachment: {
        const auto& attachment = fib_.attachments.at(hop.index());
        if (in_gateway) return "into " + name_of(attachment.vpc);
        return "then " + meaning(look_up(attachment.gateway, to), to, true);
      }
      case NextHopKind::neighbour: {
        const auto& next = fib_.address_hops.at(hop.index());
        return "to " + next.address.to_string() + " in " + name_of(next.vpc);
      }
      case NextHopKind::group: {
        std::string members = "any of";
        const auto& group = fib_.groups.at(hop.index());
        for (std::uint32_t i = 0; i < group.count; ++i) {
          members += " (" + meaning(group.members[i], to, in_gateway) + ")";
        }
        return members;
      }
      default:
        return fmt::format("{} {}", static_cast<int>(hop.kind()), hop.index());
    }
  }

  const dataplane::FibSnapshot& fib_;
  std::map<std::uint32_t, std::string> names_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> fib_words(const dataplane::FibSnapshot& fib, const control::FibView& view,
                                   const config::ValidModel& model,
                                   const std::vector<config::IpAddress>& addresses) {
  Words words(fib, view);
  for (const auto& vpc : model.vpcs()) {
    const auto index = *view.vpcs.find(vpc.name);
    words.slot(vpc.name, index);
    words.answers(vpc.name, index, addresses);
  }
  for (const auto& underlay : model.underlays()) {
    const auto name = control::underlay_name(underlay.name);
    words.slot(name, *view.vpcs.find(name));
  }
  control::for_each_outside(model, [&](const std::string& name, const auto&) {
    const auto index = *view.vpcs.find(name);
    words.slot(name, index);
    words.answers(name, index, addresses);
    for (const auto& source : addresses) words.spoofed(name, index, source);
  });
  words.slots_in_use();
  words.ports();
  return words.take();
}

}  // namespace bgw::test
