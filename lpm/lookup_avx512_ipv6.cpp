// 16 IPv6 addresses at a time: the first stage in two halves of 64-bit lanes, then the 32 address
// bits that follow it in lanes of 32, as for IPv4. What lies deeper goes on without vectors.
#include "lpm/lookup_avx512.h"

#ifdef BGW_LPM_AVX512

namespace bgw::lpm {
namespace {

constexpr std::size_t half = lanes / 2;
using AliasedWord [[gnu::may_alias]] = long long;

// 64-bit lanes.
struct Fields {
  __m512i low, root, size, fallback, shift;
};
// The two halves of addresses.
struct Addresses {
  __m512i high, low;
};

BGW_AVX512 inline Fields unpack(__m512i low, __m512i root_and_size, __m512i packed) {
  const __m512i low_half = _mm512_set1_epi64(0xffff'ffff);
  return {low, _mm512_and_si512(root_and_size, low_half), _mm512_srli_epi64(root_and_size, 32),
          _mm512_and_si512(packed, _mm512_set1_epi64(value_mask)),
          _mm512_srli_epi64(_mm512_and_si512(packed, low_half), value_bits)};
}

static_assert(sizeof(Ipv6Descriptor) == 3 * sizeof(AliasedWord));

BGW_AVX512 inline Fields fields_of(const OneTable<Ipv6Address>& tables, std::size_t) {
  const auto* words = reinterpret_cast<const AliasedWord*>(&tables[0]);
  return unpack(_mm512_set1_epi64(words[0]), _mm512_set1_epi64(words[1]),
                _mm512_set1_epi64(words[2]));
}

BGW_AVX512 inline Fields fields_of(const ManyTables<Ipv6Address>& tables, std::size_t at) {
  const __m512i zero = _mm512_setzero_si512();
  const __m512i i = _mm512_cvtepu32_epi64(
      _mm256_loadu_si256(reinterpret_cast<const __m256i*>(tables.index + at)));
  const __m512i word = _mm512_add_epi64(_mm512_slli_epi64(i, 1), i);  // three words each
  const auto* words = reinterpret_cast<const AliasedWord*>(tables.tables);
  return unpack(_mm512_mask_i64gather_epi64(zero, 0xff, word, words, 8),
                _mm512_mask_i64gather_epi64(zero, 0xff, word, words + 1, 8),
                _mm512_mask_i64gather_epi64(zero, 0xff, word, words + 2, 8));
}

BGW_AVX512 inline Addresses load_addresses(const Ipv6Address* from) {
  const __m512i a = _mm512_loadu_si512(from);
  const __m512i b = _mm512_loadu_si512(from + half / 2);
  return {_mm512_permutex2var_epi64(a, _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15), b),
          _mm512_permutex2var_epi64(a, _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14), b)};
}

BGW_AVX512 inline __m512i narrowed(__m512i low, __m512i high) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi64_epi32(low)),
                            _mm512_cvtepi64_epi32(high), 1);
}

// What 8 addresses bring to the first stage, in 64-bit lanes.
struct Entrance {
  __m512i unit, slot, word, fallback, shift;
};

BGW_AVX512 inline Entrance entrance_of(const Fields& table, const Addresses& address) {
  const __m512i slot = _mm512_srlv_epi64(address.high, table.shift);
  const __m512i node = _mm512_sub_epi64(_mm512_srli_epi64(slot, node_bits), table.low);
  const __mmask8 inside = _mm512_cmplt_epu64_mask(node, table.size);
  // The 64 bits after those resolved, which are 64 − shift; shifts by 64 give 0.
  const __m512i resolved = _mm512_sub_epi64(_mm512_set1_epi64(64), table.shift);
  const __m512i next = _mm512_or_si512(_mm512_sllv_epi64(address.high, resolved),
                                       _mm512_srlv_epi64(address.low, table.shift));
  return {_mm512_maskz_add_epi64(inside, table.root, node),
          _mm512_and_si512(slot, _mm512_set1_epi64(node_slots - 1)), _mm512_srli_epi64(next, 32),
          table.fallback, table.shift};
}

constexpr unsigned word_bits = 32;
// Fewer that have come to a group go on without vectors.
constexpr int worth_vectors = 8;

struct Ipv6 {
  template <std::size_t vectors, typename Tables>
  BGW_AVX512 static void look_up(const std::uint32_t* base, const Tables& tables,
                                 const Ipv6Address* addresses, Value* values) {
    Way<vectors> way;
#pragma GCC unroll 4
    for (std::size_t v = 0; v < vectors; ++v) {
      const std::size_t i = v * lanes;
      const Entrance a = entrance_of(fields_of(tables, i), load_addresses(addresses + i));
      const Entrance b =
          entrance_of(fields_of(tables, i + half), load_addresses(addresses + i + half));
      way.enter_nodes(base, v, narrowed(a.unit, b.unit), narrowed(a.slot, b.slot));
      _mm512_store_si512(way.word + i, narrowed(a.word, b.word));
      _mm512_store_si512(way.rest + i, _mm512_set1_epi32(word_bits));
      _mm512_store_si512(way.fallback + i, narrowed(a.fallback, b.fallback));
    }
    std::uint64_t groups = way.leave_first_stage(base, values);
    // A group resolves at most 8 bits, so the word lasts for four.
    for (unsigned passed = 0; passed < word_bits / stride_bits; ++passed) {
      if (std::popcount(groups) < worth_vectors) break;
      groups = way.pass_group(base, values, groups);
    }
    if (groups == 0) return;
    Walkers walkers;
    for (; groups != 0; groups &= groups - 1) {
      const auto i = static_cast<std::size_t>(std::countr_zero(groups));
      const unsigned resolved = head_bits<Ipv6Address> - tables[i].shift + word_bits - way.rest[i];
      walkers.add(i, resolved, way.entry[i]);
    }
    while (walkers.count > 0) walk_on(base, tables, addresses, values, walkers);
  }
};

}  // namespace

void avx512_many(const std::uint32_t* base, const Ipv6Descriptor* tables,
                 const std::uint32_t* table_index, const Ipv6Address* addresses, Value* values,
                 std::size_t count) noexcept {
  look_up_all<Ipv6>(base, ManyTables<Ipv6Address>{tables, table_index}, addresses, values, count);
}
void avx512_one(const std::uint32_t* base, const Ipv6Descriptor& table,
                const Ipv6Address* addresses, Value* values, std::size_t count) noexcept {
  look_up_all<Ipv6>(base, OneTable<Ipv6Address>{&table}, addresses, values, count);
}

}  // namespace bgw::lpm

#endif
