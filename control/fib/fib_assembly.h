// From names to the snapshot around the tables: VPC slots, ports, underlays, tunnels.
#pragma once

#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "control/fib/fib_change.h"
#include "control/fib/fib_indices.h"
#include "dataplane/published/fib.h"

namespace bgw::control {

// What is new among groups and next hops by address.
void write_groups(dataplane::FibSnapshot& fib, const FibIndices& indices);
void write_attachments(dataplane::FibSnapshot& fib, const FibIndices& indices);

// Fills in a copy of what runs, for one commit whose indices are given out. Costs what changes,
// beside the copy; all bindings are made again when an underlay or the identity of a port changes.
class FibAssembly {
 public:
  // `ports` by name: those of what runs, and those of the commit.
  FibAssembly(dataplane::FibSnapshot& fib, const FibIndices& indices, const FibChange& change,
              const ProgrammedPorts& ports_before, const ProgrammedPorts& ports);

  void interfaces();

 private:
  using VniOwner = std::pair<std::uint32_t, dataplane::VpcIndex>;

  dataplane::VpcIndex index_of(const std::string& vpc) const;
  dataplane::VpcIndex underlay_index(const std::string& underlay) const;
  const config::Underlay& underlay(const std::string& name) const;
  dataplane::PortFib& port(const std::string& name);

  bool carriers_differ() const;
  void bind_all();
  void bind_changed();
  void add_underlay(const config::Underlay& underlay);
  void unbind_outside(const config::Gateway& gateway);
  void bind_outside(const config::Gateway& gateway);
  void unbind(const config::Vpc& vpc);
  void unbind(const config::PortBinding& untagged);
  void unbind(const config::VlanBinding& vlan);
  void bind(const config::Vpc& vpc, bool is_new_binding);
  void bind(const config::PortBinding& untagged, dataplane::VpcIndex index);
  void bind(const config::VlanBinding& vlan, dataplane::VpcIndex index, bool is_new_binding);
  void bind(const config::VxlanBinding& vxlan, dataplane::VpcIndex index, bool is_new_binding);
  void own_vlan(const config::VlanBinding& vlan, dataplane::VpcIndex owner);
  dataplane::VpcFib slot_of(const std::string& owner) const;
  void update_vnis();
  void update_remotes();
  void write_tunnel(const TunnelKey& key, std::uint32_t index);

  dataplane::FibSnapshot& fib_;
  const FibIndices& indices_;
  const FibChange& change_;
  const ProgrammedPorts& ports_before_;
  const ProgrammedPorts& ports_;

  // VXLAN bindings that are no more, and new ones by the underlay's place.
  std::unordered_set<std::uint32_t> unbound_vxlan_;
  std::unordered_map<std::uint16_t, std::vector<VniOwner>> new_vnis_;
  std::vector<std::pair<dataplane::VpcIndex, std::vector<dataplane::Remote>>> new_remotes_;
};

}  // namespace bgw::control
