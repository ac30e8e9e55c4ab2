#include "lpm/groups.h"

#include <algorithm>
#include <array>
#include <bit>

namespace bgw::lpm {
namespace {

template <typename Visit>
void for_each_in_node(const std::uint32_t* base, Node node, Visit visit) {
  for (unsigned run = 0; run < node.stored_runs(); ++run) {
    const Entry entry = load_entry(base, std::size_t{node.first} + run);
    if (leads_on(entry)) visit(entry);
  }
}

template <typename Visit>
void for_each_below(const std::uint32_t* base, Entry entry, Visit visit) {
  if (is_skip(entry)) {
    const Entry hit = load_entry(base, skip_index(entry, skip_hit));
    if (leads_on(hit)) visit(hit);
    return;
  }
  for (std::uint32_t n = 0; n < group_nodes(entry); ++n) {
    for_each_in_node(base, load_node(base, unit_of(entry) + n), visit);
  }
}

}  // namespace

// ---- made beside

std::optional<Entry> Groups::new_group(std::span<const Runs> nodes) {
  const auto count = static_cast<std::uint32_t>(nodes.size());
  std::uint32_t entries = 0;
  for (const Runs& runs : nodes) entries += runs.stored();
  const auto block = blocks_.allocate(count + units_for(entries));
  if (!block) return std::nullopt;
  std::size_t first = std::size_t{block->unit + count} * unit_entries;
  for (std::uint32_t n = 0; n < count; ++n) {
    store_node(base(), block->unit + n, nodes[n].store(base(), first));
    first += nodes[n].stored();
  }
  return make_group(block->unit, node_bits + static_cast<unsigned>(std::countr_zero(count)));
}

std::optional<Entry> Groups::new_skip(SkipBits bits, Entry hit, Entry miss) {
  const auto block = blocks_.allocate(skip_units);
  if (!block) return std::nullopt;
  const Entry skip = make_skip(block->unit);
  store_skip(base(), block->unit, bits);
  store_entry(base(), skip_index(skip, skip_hit), hit);
  store_entry(base(), skip_index(skip, skip_miss), miss);
  return skip;
}

std::optional<Node> Groups::new_node(const Runs& runs) {
  std::uint32_t unit = 0;
  if (runs.stored() > 0) {
    const auto block = blocks_.allocate(units_for(runs.stored()));
    if (!block) return std::nullopt;
    unit = block->unit;
  }
  return runs.store(base(), std::size_t{unit} * unit_entries);
}

std::optional<Entry> Groups::group_with(SkipBits bits, unsigned width, Entry hit, Entry miss) {
  std::array<Runs, group_nodes_max> nodes;
  const unsigned count = 1u << (width - node_bits);
  std::fill_n(nodes.begin(), count, Runs(miss));
  const std::uint32_t filled = 1u << (width - bits.count);
  const std::uint32_t slot = bits.bits >> (skip_bits_max - width);
  for (std::uint32_t s = slot; s < slot + filled; s += node_slots) {
    nodes[s / node_slots].set(s % node_slots, std::min(filled, node_slots), hit);
  }
  return new_group({nodes.data(), count});
}

// A group is one block with its nodes' runs, so all of it is copied.
std::optional<Entry> Groups::with_runs(Entry group, std::uint32_t unit, const Runs& runs) {
  const unsigned nodes = group_nodes(group);
  std::uint32_t entries = runs.stored();
  for (std::uint32_t n = 0; n < nodes; ++n) {
    if (unit_of(group) + n != unit) {
      entries += load_node(base(), unit_of(group) + n).stored_runs();
    }
  }
  const auto block = blocks_.allocate(nodes + units_for(entries));
  if (!block) return std::nullopt;
  std::size_t first = std::size_t{block->unit + nodes} * unit_entries;
  for (std::uint32_t n = 0; n < nodes; ++n) {
    const std::uint32_t from = unit_of(group) + n;
    Node node = load_node(base(), from);
    node = (from == unit ? runs : Runs(base(), node)).store(base(), first);
    store_node(base(), block->unit + n, node);
    first += node.stored_runs();
  }
  return make_group(block->unit, group_width(group));
}

std::optional<Entry> Groups::narrowed(Entry group, unsigned width, unsigned resolved) {
  const unsigned count = 1u << (width - node_bits);
  std::array<Runs, group_nodes_max> nodes;
  for (unsigned n = 0; n < count; ++n) {
    nodes[n] = Runs(base(), unit_of(group), group_nodes(group), count, n);
    nodes[n].merge(resolved + width);
  }
  return new_group({nodes.data(), count});
}

// ---- copied for a version

bool Groups::own_block(std::size_t index) {
  const Entry entry = load_entry(base(), index);
  const std::uint32_t old = unit_of(entry);
  if (blocks_.is_own(old)) return true;
  const std::uint32_t units = units_held(entry);
  const auto block = blocks_.allocate(units);
  if (!block) return false;
  copy_units(block->unit, old, units);
  if (is_skip(entry)) {
    store_entry(base(), index, make_skip(block->unit));
  } else {
    for (std::uint32_t n = 0; n < group_nodes(entry); ++n) {
      Node node = load_node(base(), old + n);
      if (node.map == 0) continue;
      node.first += (block->unit - old) * unit_entries;
      store_node(base(), block->unit + n, node);
    }
    store_entry(base(), index, make_group(block->unit, group_width(entry)));
  }
  blocks_.drop(old, units);
  return true;
}

bool Groups::own_runs(std::uint32_t unit) {
  const Node node = load_node(base(), unit);
  const std::uint32_t old = node.first / unit_entries;
  if (node.map == 0 || blocks_.is_own(old)) return true;
  const std::uint32_t units = units_for(node.runs());
  const auto block = blocks_.allocate(units);
  if (!block) return false;
  copy_units(block->unit, old, units);
  store_node(base(), unit, {node.map, block->unit * unit_entries});
  blocks_.drop(old, units);
  return true;
}

void Groups::copy_units(std::size_t to, std::size_t from, std::size_t count) const {
  for (std::size_t n = 0; n < count; ++n) store_node(base(), to + n, load_node(base(), from + n));
}

// ---- given up

std::uint32_t Groups::units_held(Entry entry) const {
  if (is_skip(entry)) return skip_units;
  std::uint32_t entries = 0;
  for (std::uint32_t n = 0; n < group_nodes(entry); ++n) {
    entries += load_node(base(), unit_of(entry) + n).stored_runs();
  }
  return group_nodes(entry) + units_for(entries);
}

void Groups::drop_tree(Entry entry) {
  for_each_below(base(), entry, [this](Entry below) { drop_tree(below); });
  drop_block(entry);
}

void Groups::drop_trees(Node node) {
  for_each_in_node(base(), node, [this](Entry entry) { drop_tree(entry); });
}

void Groups::drop_block(Entry entry) {
  blocks_.drop(unit_of(entry), units_held(entry));
}

void Groups::drop_runs(Node node) {
  if (node.map != 0) blocks_.drop(node.first / unit_entries, units_for(node.runs()));
}

void Groups::discard_tree(Entry entry) {
  for_each_below(base(), entry, [this](Entry below) { discard_tree(below); });
  discard_block(entry);
}

void Groups::discard_block(Entry entry) {
  blocks_.discard(unit_of(entry), units_held(entry));
}

void Groups::discard_runs(Node node) {
  if (node.map != 0) blocks_.discard(node.first / unit_entries, units_for(node.runs()));
}

}  // namespace bgw::lpm
