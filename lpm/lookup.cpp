#include "lpm/lookup.h"

#include "lpm/lookup_scalar.h"
#include "lpm/lookup_vector.h"
#include "lpm/variants.h"

namespace bgw::lpm {
namespace {

template <typename Address>
void scalar_many(const std::uint32_t* base, const TableDescriptor<Address>* tables,
                 const std::uint32_t* table_index, const Address* addresses, Value* values,
                 std::size_t count) noexcept {
  lookup_in_chunks(base, ManyTables<Address>{tables, table_index}, addresses, values, count);
}
template <typename Address>
void scalar_one(const std::uint32_t* base, const TableDescriptor<Address>& table,
                const Address* addresses, Value* values, std::size_t count) noexcept {
  lookup_in_chunks(base, OneTable<Address>{&table}, addresses, values, count);
}
bool anywhere() noexcept {
  return true;
}

template <typename Address>
constexpr Variant<Address> scalar{"scalar", anywhere, scalar_many<Address>, scalar_one<Address>};

constexpr Variant<Ipv4Address> all_ipv4[] = {
    scalar<Ipv4Address>,
#ifdef BGW_LPM_AVX512
    {"avx512", has_avx512, avx512_many, avx512_one},
#endif
};
constexpr Variant<Ipv6Address> all_ipv6[] = {
    scalar<Ipv6Address>,
#ifdef BGW_LPM_AVX512
    {"avx512", has_avx512, avx512_many, avx512_one},
#endif
};

template <typename Address>
Variant<Address> fastest(std::span<const Variant<Address>> variants) noexcept {
  Variant<Address> chosen = variants.front();
  for (const auto& variant : variants) {
    if (variant.runs_here()) chosen = variant;
  }
  return chosen;
}

// Chosen before main(): no thread asks earlier.
const Variant<Ipv4Address> chosen_ipv4 = fastest(ipv4_variants());
const Variant<Ipv6Address> chosen_ipv6 = fastest(ipv6_variants());

}  // namespace

std::span<const Variant<Ipv4Address>> ipv4_variants() noexcept {
  return all_ipv4;
}
std::span<const Variant<Ipv6Address>> ipv6_variants() noexcept {
  return all_ipv6;
}

Value lookup(const std::uint32_t* base, const Ipv4Descriptor& table, Ipv4Address address) noexcept {
  return lookup_inline(base, table, address);
}
Value lookup(const std::uint32_t* base, const Ipv6Descriptor& table, Ipv6Address address) noexcept {
  return lookup_inline(base, table, address);
}

void lookup_batch(const std::uint32_t* base, const Ipv4Descriptor* tables,
                  const std::uint32_t* table_index, const Ipv4Address* addresses, Value* values,
                  std::size_t count) noexcept {
  chosen_ipv4.many_tables(base, tables, table_index, addresses, values, count);
}
void lookup_batch(const std::uint32_t* base, const Ipv6Descriptor* tables,
                  const std::uint32_t* table_index, const Ipv6Address* addresses, Value* values,
                  std::size_t count) noexcept {
  chosen_ipv6.many_tables(base, tables, table_index, addresses, values, count);
}
void lookup_batch(const std::uint32_t* base, const Ipv4Descriptor& table,
                  const Ipv4Address* addresses, Value* values, std::size_t count) noexcept {
  chosen_ipv4.one_table(base, table, addresses, values, count);
}
void lookup_batch(const std::uint32_t* base, const Ipv6Descriptor& table,
                  const Ipv6Address* addresses, Value* values, std::size_t count) noexcept {
  chosen_ipv6.one_table(base, table, addresses, values, count);
}

}  // namespace bgw::lpm
