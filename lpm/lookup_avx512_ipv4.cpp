// 16 IPv4 addresses at a time.
#include "lpm/lookup_avx512.h"

#ifdef BGW_LPM_AVX512

namespace bgw::lpm {
namespace {

// Lanes of what the first stage needs to know of a table.
struct Fields {
  __m512i low, root, size, fallback, shift;
};

BGW_AVX512 inline Fields unpack(__m512i low, __m512i root, __m512i size, __m512i packed) {
  return {low, root, size, _mm512_and_si512(packed, _mm512_set1_epi32(value_mask)),
          _mm512_srli_epi32(packed, value_bits)};
}

BGW_AVX512 inline __m128i load_table(const Ipv4Descriptor& table) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(&table));
}

BGW_AVX512 inline Fields fields_of(const OneTable<Ipv4Address>& tables, std::size_t) {
  const __m512i all = _mm512_broadcast_i32x4(load_table(tables[0]));
  return unpack(_mm512_shuffle_epi32(all, _MM_PERM_AAAA), _mm512_shuffle_epi32(all, _MM_PERM_BBBB),
                _mm512_shuffle_epi32(all, _MM_PERM_CCCC), _mm512_shuffle_epi32(all, _MM_PERM_DDDD));
}

// Every fourth table of 16, from the i-th on.
BGW_AVX512 inline __m512i every_fourth(const ManyTables<Ipv4Address>& tables, std::size_t i) {
  __m512i four = _mm512_castsi128_si512(load_table(tables[i]));
  four = _mm512_inserti32x4(four, load_table(tables[i + 4]), 1);
  four = _mm512_inserti32x4(four, load_table(tables[i + 8]), 2);
  return _mm512_inserti32x4(four, load_table(tables[i + 12]), 3);
}

// Four transpositions of 4×4: descriptors are 16 bytes, and loads are cheaper than gathers.
BGW_AVX512 inline Fields fields_of(const ManyTables<Ipv4Address>& tables, std::size_t i) {
  const __m512i a = every_fourth(tables, i), b = every_fourth(tables, i + 1);
  const __m512i c = every_fourth(tables, i + 2), d = every_fourth(tables, i + 3);
  const __m512i ab = _mm512_unpacklo_epi32(a, b), cd = _mm512_unpacklo_epi32(c, d);
  const __m512i ab2 = _mm512_unpackhi_epi32(a, b), cd2 = _mm512_unpackhi_epi32(c, d);
  return unpack(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd),
                _mm512_unpacklo_epi64(ab2, cd2), _mm512_unpackhi_epi64(ab2, cd2));
}

BGW_AVX512 inline __mmask16 are_direct(const OneTable<Ipv4Address>& tables, __m512i) {
  return tables[0].size <= direct_size_max ? 0xffff : 0;
}
BGW_AVX512 inline __mmask16 are_direct(const ManyTables<Ipv4Address>&, __m512i size) {
  return _mm512_cmple_epu32_mask(size, _mm512_set1_epi32(direct_size_max));
}

struct Ipv4 {
  template <typename Tables>
  BGW_AVX512 static void enter_first_stage(Walk<false>& walk, std::size_t v,
                                           const std::uint32_t* base, Tables tables,
                                           const Ipv4Address* addresses) {
    const Fields table = fields_of(tables, v * lanes);
    const __m512i address = _mm512_loadu_si512(addresses + v * lanes);
    const __m512i slot = _mm512_srlv_epi32(address, table.shift);
    const __m512i node = _mm512_sub_epi32(_mm512_srli_epi32(slot, node_bits), table.low);
    walk.enter_first_stage(base, {table.root, node, slot, _mm512_cmplt_epu32_mask(node, table.size),
                                  are_direct(tables, table.size)});
    walk.fallback = table.fallback;
    const __m512i resolved = _mm512_sub_epi32(_mm512_set1_epi32(32), table.shift);
    walk.word = _mm512_sllv_epi32(address, resolved);
    walk.rest = table.shift;
  }

  template <std::size_t vectors, typename Tables>
  BGW_AVX512 static void look_up(const std::uint32_t* base, const Tables& tables,
                                 const Ipv4Address* addresses, Value* values) {
    Walks<vectors, false, worth_unrolling<Tables>> walks;
    walks.template each<&enter_first_stage<Tables>>(base, tables, addresses);
    walks.leave_first_stage(base, values);
    std::uint64_t further = walks.further();
    while (std::popcount(further) >= worth_vectors) {
      walks.pass(base, values);
      further = walks.further();
    }
    if (further == 0) return;
    alignas(64) Entry entry[vectors * lanes];
    alignas(64) std::uint32_t rest[vectors * lanes];
    walks.store(entry, rest);
    // One after the other: their misses overlap as long as branches are foreseen.
    for (; further != 0; further &= further - 1) {
      const auto i = static_cast<std::size_t>(std::countr_zero(further));
      const Entry end = end_of_walk(base, addresses[i], entry[i], head_bits<Ipv4Address> - rest[i]);
      values[i] = value_of(tables[i], end);
    }
  }
};

}  // namespace

bool has_avx512() noexcept {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vpopcntdq");
}

void avx512_many(const std::uint32_t* base, const Ipv4Descriptor* tables,
                 const std::uint32_t* table_index, const Ipv4Address* addresses, Value* values,
                 std::size_t count) noexcept {
  look_up_all<Ipv4>(base, ManyTables<Ipv4Address>{tables, table_index}, addresses, values, count);
}
void avx512_one(const std::uint32_t* base, const Ipv4Descriptor& table,
                const Ipv4Address* addresses, Value* values, std::size_t count) noexcept {
  look_up_all<Ipv4>(base, OneTable<Ipv4Address>{&table}, addresses, values, count);
}

}  // namespace bgw::lpm

#endif
