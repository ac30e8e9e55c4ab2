// bgw's own tables as subjects.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bench/lpm/subject.h"

namespace bgw::bench {

template <typename Address>
Kind<Address> bgw_kind();

// One table that readers may use while it changes.
template <typename Address>
class BgwTable : public Table<Address> {
 public:
  explicit BgwTable(std::span<const lpm::Route<Address>> routes = {});
  void add(const lpm::Route<Address>& route) override;
  void remove(const lpm::Route<Address>& route) override;
  void fill(std::span<const lpm::Route<Address>> routes) override;
  void settle() override;
  void set_grace_period(std::function<void()> wait) override { grace_period_ = std::move(wait); }
  std::vector<Subject> subjects(const Queries<Address>& queries) override;
  std::string concurrent_subject() const override { return "bgw"; }
  const lpm::Arena& arena() const { return arena_; }
  const lpm::Table<Address>& table() const { return *table_; }

 private:
  void publish();

  lpm::Arena arena_;
  std::unique_ptr<lpm::Table<Address>> table_;
  std::array<lpm::TableDescriptor<Address>, 2> descriptors_;
  std::atomic<const lpm::TableDescriptor<Address>*> live_ = nullptr;
  std::function<void()> grace_period_ = [] {};
};

// Many tables in one arena, looked up through the calls that take a table for each address.
class BgwTables {
 public:
  explicit BgwTables(std::span<const Routes<Ipv4Address>> tables);
  std::vector<Subject> subjects(const Queries<Ipv4Address>& queries);
  // lookup_batch() alone.
  Subject subject(const Queries<Ipv4Address>& queries);
  const lpm::Arena& arena() const { return arena_; }
  std::span<const lpm::Ipv4Table> tables() const { return tables_; }

 private:
  lpm::Arena arena_;
  std::vector<lpm::Ipv4Table> tables_;
  std::vector<lpm::Ipv4Descriptor> descriptors_;
};

}  // namespace bgw::bench
