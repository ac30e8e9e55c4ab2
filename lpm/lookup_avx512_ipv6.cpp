// 16 IPv6 addresses at a time: the first stage in two halves of 64-bit lanes, then words of 32
// address bits in lanes of 32, as for IPv4.
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
  __m512i root, node, slot, resolved, word, fallback;
  __mmask8 inside;
};

BGW_AVX512 inline Entrance entrance_of(const Fields& table, const Addresses& address) {
  const __m512i slot = _mm512_srlv_epi64(address.high, table.shift);
  const __m512i node = _mm512_sub_epi64(_mm512_srli_epi64(slot, node_bits), table.low);
  // The 64 bits after those resolved, which are 64 − shift; shifts by 64 give 0.
  const __m512i resolved = _mm512_sub_epi64(_mm512_set1_epi64(64), table.shift);
  const __m512i next = _mm512_or_si512(_mm512_sllv_epi64(address.high, resolved),
                                       _mm512_srlv_epi64(address.low, table.shift));
  return {table.root,
          node,
          slot,
          resolved,
          _mm512_srli_epi64(next, 32),
          table.fallback,
          _mm512_cmplt_epu64_mask(node, table.size)};
}

BGW_AVX512 inline __mmask16 both(__mmask8 low, __mmask8 high) {
  return static_cast<__mmask16>(low | high << half);
}

// The 32 bits from bit number `resolved` on. Shifts by 64 and more, and by less than 0, give 0.
BGW_AVX512 inline __m512i words_of(const Addresses& address, __m512i resolved) {
  const __m512i into_low = _mm512_sub_epi64(resolved, _mm512_set1_epi64(64));
  const __m512i to_low = _mm512_sub_epi64(_mm512_set1_epi64(64), resolved);
  const __m512i next = _mm512_or_si512(_mm512_sllv_epi64(address.high, resolved),
                                       _mm512_or_si512(_mm512_srlv_epi64(address.low, to_low),
                                                       _mm512_sllv_epi64(address.low, into_low)));
  return _mm512_srli_epi64(next, 32);
}

BGW_AVX512 inline __mmask16 are_direct(const OneTable<Ipv6Address>& tables, const Fields&,
                                       const Fields&) {
  return tables[0].size <= direct_size_max ? 0xffff : 0;
}
BGW_AVX512 inline __mmask16 are_direct(const ManyTables<Ipv6Address>&, const Fields& low,
                                       const Fields& high) {
  const __m512i most = _mm512_set1_epi64(direct_size_max);
  return both(_mm512_cmple_epu64_mask(low.size, most), _mm512_cmple_epu64_mask(high.size, most));
}

constexpr unsigned word_bits = 32;

struct Ipv6 {
  // `start`: address bits before those of the words.
  template <typename Tables>
  BGW_AVX512 static void enter_first_stage(Walk<true>& walk, std::size_t v,
                                           const std::uint32_t* base, Tables tables,
                                           const Ipv6Address* addresses, std::uint32_t* start) {
    const std::size_t i = v * lanes;
    const Addresses first = load_addresses(addresses + i);
    const Addresses second = load_addresses(addresses + i + half);
    const Fields low = fields_of(tables, i);
    const Fields high = fields_of(tables, i + half);
    const Entrance a = entrance_of(low, first);
    const Entrance b = entrance_of(high, second);
    walk.enter_first_stage(
        base, {narrowed(a.root, b.root), narrowed(a.node, b.node), narrowed(a.slot, b.slot),
               both(a.inside, b.inside), are_direct(tables, low, high)});
    walk.fallback = narrowed(a.fallback, b.fallback);
    walk.word = narrowed(a.word, b.word);
    walk.rest = _mm512_set1_epi32(word_bits);
    _mm512_store_si512(start + i, narrowed(a.resolved, b.resolved));
  }

  // Words that begin where the addresses have come to.
  BGW_AVX512 static void refill(Walk<true>& walk, std::size_t v, const Ipv6Address* addresses,
                                std::uint32_t* start) {
    const std::size_t i = v * lanes;
    const __m512i all = _mm512_set1_epi32(word_bits);
    const __m512i used = _mm512_sub_epi32(all, walk.rest);
    const __m512i from = _mm512_add_epi32(_mm512_load_si512(start + i), used);
    const __m512i a = words_of(load_addresses(addresses + i),
                               _mm512_cvtepu32_epi64(_mm512_castsi512_si256(from)));
    const __m512i b = words_of(load_addresses(addresses + i + half),
                               _mm512_cvtepu32_epi64(_mm512_extracti64x4_epi64(from, 1)));
    _mm512_store_si512(start + i, from);
    walk.rest = all;
    walk.word = narrowed(a, b);
  }

  template <std::size_t vectors, typename Tables>
  BGW_AVX512 static void look_up(const std::uint32_t* base, const Tables& tables,
                                 const Ipv6Address* addresses, Value* values) {
    Walks<vectors, true, worth_unrolling<Tables>> walks;
    alignas(64) std::uint32_t start[vectors * lanes];
    walks.template each<&enter_first_stage<Tables>>(base, tables, addresses, start);
    walks.leave_first_stage(base, values);
    std::uint64_t further = walks.further();
    for (;;) {
      while (std::popcount(further) >= worth_vectors) {
        walks.pass(base, values);
        further = walks.further();
      }
      walks.take_up_stuck();
      further = walks.further();
      if (std::popcount(further) < worth_vectors) break;
      walks.template each<&refill>(addresses, start);
    }
    if (further == 0) return;
    alignas(64) Entry entry[vectors * lanes];
    alignas(64) std::uint32_t rest[vectors * lanes];
    walks.store(entry, rest);
    // One after the other: their misses overlap as long as branches are foreseen.
    for (; further != 0; further &= further - 1) {
      const auto i = static_cast<std::size_t>(std::countr_zero(further));
      const unsigned resolved = start[i] + word_bits - rest[i];
      values[i] = value_of(tables[i], end_of_walk(base, addresses[i], entry[i], resolved));
    }
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
