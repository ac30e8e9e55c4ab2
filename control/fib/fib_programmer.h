// From configuration and routes to the FIB snapshot that workers take: names become indices, plans
// become tables, in proportion to what changes.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "control/fib/family_tables.h"
#include "control/fib/fib_change.h"
#include "control/fib/fib_indices.h"
#include "control/fib/fib_view.h"
#include "control/fib/hop_writer.h"
#include "dataplane/published/fib.h"
#include "lpm/lpm.h"

namespace bgw::control {

// One route of a stream into a gateway's table: what it leads to now; nothing: it is gone.
struct StreamedRoute {
  config::IpPrefix prefix;
  std::vector<PlanTarget> targets;
};

// How far a stream got.
struct Streamed {
  std::size_t applied = 0;  // updates in force, from the first on
  // Not null: what follows needs this snapshot in force, and a grace period after.
  std::unique_ptr<dataplane::FibSnapshot> snapshot;
  // Not empty: why the update behind `applied` can't be, and what to do; the table is as it was.
  std::string refusal;
};

// Owns the memory of all tables and every index that they hold. Must outlive the workers.
//
// A commit calls prepare(), then either abandon(), which leaves everything as it was, or
// published(), and reclaim() once no worker uses what ran before. Streams call stream() between
// commits. A snapshot must live until the one after it is published.
//
// Threads: prepare(), abandon(), published(), reclaim(), retired_vpcs(), stream() and arena() may
// be called from any thread, one at a time, and handed from one to the next through something that
// orders memory (a queue, a mutex). All others may be called from any thread beside them: they
// answer for what published() has put in force, all of it.
class FibProgrammer {
 public:
  using Limits = FibLimits;
  using Occupancy = FibOccupancy;
  struct TableOccupancy {
    std::string name;  // "bgw-1", "vpc-a/main" or "vpc-a: sources"
    std::size_t routes = 0;
    std::size_t arena_bytes = 0;
    std::size_t rib_bytes = 0;
  };

  // Throws std::system_error when the address space for tables can't be reserved.
  FibProgrammer(const dataplane::NeighbourTable* neighbours, const dataplane::FdbTable* fdb,
                lpm::Arena::Options arena, Limits limits);

  // Builds what the change lists beside what runs, and shares the rest. Every port that the model
  // binds must be in `ports`. The error says which limit was met; nothing has changed then.
  // `rx_queues` is left to the caller. `change` and its models must live during the call only.
  tl::expected<std::unique_ptr<dataplane::FibSnapshot>, std::string> prepare(
      const FibChange& change, const ProgrammedPorts& ports);
  void abandon();
  // What was prepared is in force; what it replaced is kept until reclaim().
  void published();
  // The VPC slots that the next reclaim() would free.
  std::vector<dataplane::VpcIndex> retired_vpcs() const;
  // Likewise the attachments.
  std::vector<dataplane::AttachmentIndex> retired_attachments() const;
  // After a grace period that began after the last published() or stream(): frees what no snapshot
  // in use refers to. The VPC slots that the next prepare() may give out again.
  std::vector<dataplane::VpcIndex> reclaim();

  // Changes the running table of a gateway in place, one update after the other: workers see each
  // route before or after, without a new snapshot. Memory and indices that are given up come back
  // by reclaim(), so have a grace period now and then. A change that lists the table by prefixes
  // leaves other streamed routes alone; one that lists it whole must know them.
  //
  // Stops early when workers need a new snapshot first: publish it, call published() and, after a
  // grace period, reclaim(), then go on with the rest. Does nothing from prepare() until abandon()
  // or reclaim(): the caller keeps the updates until then.
  Streamed stream(const std::string& gateway, std::span<const StreamedRoute> updates);

  // Of what prepare() made, until published() or abandon(); for the thread of prepare().
  std::shared_ptr<const FibView> prepared_view() const { return next_view_; }

  lpm::Arena::Occupancy arena() const { return arena_.occupancy(); }  // what is prepared included

  // Any thread.
  std::shared_ptr<const FibView> view() const;
  std::optional<dataplane::VpcIndex> vpc_index(const std::string& name) const;
  std::optional<dataplane::VpcIndex> underlay_index(const std::string& name) const;
  std::optional<dataplane::AttachmentIndex> attachment_index(const std::string& gateway,
                                                             const std::string& vpc) const;
  std::optional<dataplane::TunnelIndex> tunnel_index(const std::string& underlay,
                                                     const config::IpAddress& remote) const;
  Occupancy occupancy() const;
  std::vector<TableOccupancy> table_occupancy() const;  // by name

 private:
  using Done = tl::expected<void, std::string>;

  Done assign_indices(const FibChange& change);
  Done acquire(const config::Underlay& underlay);
  Done acquire(const config::Vpc& vpc);
  Done acquire(const config::Gateway& gateway);
  Done acquire(const config::Attachment& attachment);
  Done acquire(const config::Gateway& gateway, const config::OutsideInterface& interface);
  void release(const config::Underlay& underlay);
  void release(const config::Vpc& vpc);
  void release(const config::Gateway& gateway);
  void release(const config::Attachment& attachment);
  void release(const config::Gateway& gateway, const config::OutsideInterface& interface);
  AttachmentKey key_of(const config::Attachment& attachment) const;
  AttachmentKey key_of(const config::Gateway& gateway,
                       const config::OutsideInterface& interface) const;

  Done acquire_tables(const std::vector<std::string>& keys);
  void release_tables(const std::vector<std::string>& keys);

  Done build_tables(const FibChange& change);
  Done build_vpc_table(const FibChange& change, const VpcTablePlan& plan);
  Done build_sources(const std::string& owner, const std::vector<SourceEntry>& sources);
  Done build_underlay(const config::Underlay& underlay);
  Done build_outside(const config::Gateway& gateway, const config::OutsideInterface& interface);
  Done change_gateway(const GatewayTableChange& change);
  Done build_table(const std::string& key, RouteSet routes);

  std::unique_ptr<dataplane::FibSnapshot> assemble(const FibChange& change,
                                                   const ProgrammedPorts& ports) const;
  void write_descriptors(dataplane::FibSnapshot& fib) const;

  // fib_view.cpp
  std::shared_ptr<FibView> next_view() const;
  FibOccupancy present_occupancy(std::size_t routes) const;
  void show(std::shared_ptr<const FibView> view);
  void show_tables(const std::vector<std::uint32_t>& indices);

  // fib_stream.cpp
  enum class StreamStep { done, republish, waits };  // waits: for a snapshot, nothing is done
  template <typename Address>
  tl::expected<StreamStep, std::string> take(FamilyTables<Address>& tables, std::uint32_t index,
                                             const StreamedRoute& update);
  bool waits_for_snapshot(dataplane::NextHop value) const;
  void pin(std::uint32_t index, std::span<const StreamedRoute> updates);
  std::unique_ptr<dataplane::FibSnapshot> snapshot_for_stream(std::uint32_t table);

  const dataplane::NeighbourTable* neighbours_;
  const dataplane::FdbTable* fdb_;
  lpm::Arena arena_;  // before the tables in it
  FibIndices indices_;
  FamilyTables<lpm::Ipv4Address> v4_;
  FamilyTables<lpm::Ipv6Address> v6_;

  const dataplane::FibSnapshot* running_ = nullptr;   // of whoever published it
  const dataplane::FibSnapshot* prepared_ = nullptr;  // until published() or abandon()
  ProgrammedPorts ports_, next_ports_;
  std::shared_ptr<FibView> next_view_;
  bool settled_ = true;    // nothing is kept for readers of what ran before
  bool streamed_ = false;  // since the last reclaim(): memory is retired that readers may see
  std::vector<dataplane::NextHop> pinned_;  // what streamed routes that wait for it will hold

  mutable std::mutex view_mutex_;  // held for the copy of a pointer
  std::shared_ptr<const FibView> view_ = std::make_shared<FibView>();
};

}  // namespace bgw::control
