// 8 IPv6 addresses at a time, step by step as for IPv4.
#include "lpm/lookup_avx512.h"

#ifdef BGW_LPM_AVX512

namespace bgw::lpm {
namespace {

constexpr std::size_t lanes = 8;

struct Tables {
  __m512i low, root, size, fallback, shift;
};
// The two halves of addresses.
struct Addresses {
  __m512i high, low;
};

BGW_AVX512 inline __mmask8 first_lanes(std::size_t count) {
  return static_cast<__mmask8>(count >= lanes ? 0xff : (1u << count) - 1);
}

BGW_AVX512 inline Tables unpack(__m512i low, __m512i root_and_size, __m512i packed) {
  const __m512i low_half = _mm512_set1_epi64(0xffff'ffff);
  return {low, _mm512_and_si512(root_and_size, low_half), _mm512_srli_epi64(root_and_size, 32),
          _mm512_and_si512(packed, _mm512_set1_epi64(value_mask)),
          _mm512_srli_epi64(_mm512_and_si512(packed, low_half), value_bits)};
}

static_assert(sizeof(Ipv6Descriptor) == 24);
using AliasedWord [[gnu::may_alias]] = long long;

struct One {
  const Ipv6Descriptor* table;
  BGW_AVX512 Tables load(std::size_t, __mmask8) const {
    const auto* words = reinterpret_cast<const AliasedWord*>(table);
    return unpack(_mm512_set1_epi64(words[0]), _mm512_set1_epi64(words[1]),
                  _mm512_set1_epi64(words[2]));
  }
  One from(std::size_t) const { return *this; }
};

struct Many {
  const Ipv6Descriptor* tables;
  const std::uint32_t* index;
  BGW_AVX512 Tables load(std::size_t at, __mmask8 here) const {
    const __m512i zero = _mm512_setzero_si512();
    const __m512i i = _mm512_cvtepu32_epi64(_mm256_maskz_loadu_epi32(here, index + at));
    const __m512i word = _mm512_add_epi64(_mm512_slli_epi64(i, 1), i);  // three words each
    const auto* words = reinterpret_cast<const AliasedWord*>(tables);
    return unpack(_mm512_mask_i64gather_epi64(zero, here, word, words, 8),
                  _mm512_mask_i64gather_epi64(zero, here, word, words + 1, 8),
                  _mm512_mask_i64gather_epi64(zero, here, word, words + 2, 8));
  }
  Many from(std::size_t i) const { return {tables, index + i}; }
};

BGW_AVX512 inline Addresses load_addresses(const Ipv6Address* from, std::size_t count) {
  const auto* words = reinterpret_cast<const AliasedWord*>(from);
  const auto wanted = static_cast<unsigned>(count >= lanes ? 0xffff : (1u << (2 * count)) - 1);
  const __m512i a = _mm512_maskz_loadu_epi64(static_cast<__mmask8>(wanted), words);
  const __m512i b = _mm512_maskz_loadu_epi64(static_cast<__mmask8>(wanted >> 8), words + 8);
  return {_mm512_permutex2var_epi64(a, _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15), b),
          _mm512_permutex2var_epi64(a, _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14), b)};
}

// Gathers merge into what their register held: zeros, or they would wait for the gather before.
BGW_AVX512 inline __m512i nodes_at(const std::uint32_t* base, __m512i unit) {
  return _mm512_mask_i64gather_epi64(_mm512_setzero_si512(), 0xff, unit, base, unit_bytes);
}

BGW_AVX512 inline __m512i entries_of(const std::uint32_t* base, __m512i node, __m512i slot) {
  const __m512i low_half = _mm512_set1_epi64(0xffff'ffff);
  const __m512i map = _mm512_and_si512(node, low_half);
  const __m512i first = _mm512_srli_epi64(node, 32);
  const __m512i before = _mm512_xor_si512(slot, _mm512_set1_epi64(node_slots - 1));
  const __m512i run =
      _mm512_popcnt_epi64(_mm512_and_si512(_mm512_sllv_epi64(map, before), low_half));
  const __mmask8 has_runs = _mm512_test_epi64_mask(map, map);
  return _mm512_cvtepu32_epi64(_mm512_mask_i64gather_epi32(_mm512_cvtepi64_epi32(first), has_runs,
                                                           _mm512_add_epi64(first, run), base, 4));
}

BGW_AVX512 inline __m512i values_of(__m512i entry, __m512i fallback) {
  const __m512i minus_one = _mm512_sub_epi64(entry, _mm512_set1_epi64(1));
  const __m512i value = _mm512_and_si512(minus_one, _mm512_set1_epi64(value_mask));
  return _mm512_mask_mov_epi64(value, _mm512_testn_epi64_mask(entry, entry), fallback);
}

BGW_AVX512 inline __mmask8 groups_among(__m512i entry) {
  return _mm512_test_epi64_mask(entry, _mm512_set1_epi64(0x8000'0000));
}

struct Chunk {
  alignas(64) std::uint64_t unit[avx512_chunk];
  alignas(64) std::uint64_t shift[avx512_chunk];
  alignas(64) std::uint64_t fallback[avx512_chunk];
  Walking<std::uint64_t> walking;
};

BGW_AVX512 inline void start_walking(Walking<std::uint64_t>& walking, __mmask8 which, __m512i who,
                                     __m512i rest, __m512i entry) {
  _mm512_storeu_si512(walking.who + walking.count, _mm512_maskz_compress_epi64(which, who));
  _mm512_storeu_si512(walking.rest + walking.count, _mm512_maskz_compress_epi64(which, rest));
  _mm512_storeu_si512(walking.entry + walking.count, _mm512_maskz_compress_epi64(which, entry));
  walking.count += static_cast<std::size_t>(std::popcount(which));
}

// The bits of addresses from `rest` on. Shifts by 64 or more, or by less than none, give 0.
BGW_AVX512 inline __m512i bits_above(const Addresses& address, __m512i rest) {
  const __m512i all = _mm512_set1_epi64(64);
  const __m512i from_low = _mm512_srlv_epi64(address.low, rest);
  const __m512i between = _mm512_sllv_epi64(address.high, _mm512_sub_epi64(all, rest));
  const __m512i from_high = _mm512_srlv_epi64(address.high, _mm512_sub_epi64(rest, all));
  return _mm512_or_si512(_mm512_or_si512(from_low, between), from_high);
}

// One group for each.
BGW_AVX512 inline void walk_on(const std::uint32_t* base, const Ipv6Address* addresses,
                               Value* values, Chunk& chunk) {
  Walking<std::uint64_t>& walking = chunk.walking;
  const std::size_t count = std::exchange(walking.count, 0);
  const auto* words = reinterpret_cast<const AliasedWord*>(addresses);
  for (std::size_t k = 0; k < count; k += lanes) {
    const __mmask8 here = first_lanes(count - k);
    const __m512i zero = _mm512_setzero_si512();
    const __m512i who = _mm512_maskz_load_epi64(here, walking.who + k);
    const __m512i group = _mm512_maskz_load_epi64(here, walking.entry + k);
    const __m512i word = _mm512_slli_epi64(who, 1);
    const Addresses address{_mm512_mask_i64gather_epi64(zero, here, word, words + 1, 8),
                            _mm512_mask_i64gather_epi64(zero, here, word, words, 8)};
    const __m512i wider = _mm512_and_si512(_mm512_srli_epi64(group, unit_index_bits),
                                           _mm512_set1_epi64(stride_bits - node_bits));
    const __m512i width = _mm512_add_epi64(wider, _mm512_set1_epi64(node_bits));
    const __m512i rest = _mm512_sub_epi64(_mm512_maskz_load_epi64(here, walking.rest + k), width);
    const __m512i ones = _mm512_set1_epi64(-1);
    const __m512i place =
        _mm512_andnot_si512(_mm512_sllv_epi64(ones, width), bits_above(address, rest));
    const __m512i first_unit = _mm512_and_si512(group, _mm512_set1_epi64(group_unit_mask));
    const __m512i unit =
        _mm512_maskz_add_epi64(here, first_unit, _mm512_srli_epi64(place, node_bits));
    const __m512i node = nodes_at(base, unit);
    const __m512i slot = _mm512_and_si512(place, _mm512_set1_epi64(node_slots - 1));
    const __m512i entry = entries_of(base, node, slot);
    const auto further = static_cast<__mmask8>(groups_among(entry) & here);
    const auto done = static_cast<__mmask8>(here & ~further);
    const __m512i fallback = _mm512_mask_i64gather_epi64(zero, done, who, chunk.fallback, 8);
    _mm512_mask_i64scatter_epi32(values, done, who,
                                 _mm512_cvtepi64_epi32(values_of(entry, fallback)), 4);
    start_walking(walking, further, who, rest, entry);  // never beyond what was read
  }
}

template <typename AllTables>
BGW_AVX512 void look_up(const std::uint32_t* base, AllTables tables, const Ipv6Address* addresses,
                        Value* values, std::size_t count) {
  Chunk chunk;
  for (std::size_t i = 0; i < count; i += lanes) {
    const __mmask8 here = first_lanes(count - i);
    const Tables table = tables.load(i, here);
    const __m512i head = load_addresses(addresses + i, count - i).high;
    const __m512i node_shift = _mm512_add_epi64(table.shift, _mm512_set1_epi64(node_bits));
    const __m512i node = _mm512_sub_epi64(_mm512_srlv_epi64(head, node_shift), table.low);
    const auto inside = static_cast<__mmask8>(_mm512_cmplt_epu64_mask(node, table.size) & here);
    _mm512_store_si512(chunk.unit + i, _mm512_maskz_add_epi64(inside, table.root, node));
    _mm512_store_si512(chunk.shift + i, table.shift);
    _mm512_store_si512(chunk.fallback + i, table.fallback);
    for (std::size_t j = 0; j < lanes; ++j) {
      __builtin_prefetch(base + chunk.unit[i + j] * unit_entries);
    }
  }
  const __m512i positions = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
  for (std::size_t i = 0; i < count; i += lanes) {
    const __mmask8 here = first_lanes(count - i);
    const __m512i head = load_addresses(addresses + i, count - i).high;
    const __m512i shift = _mm512_load_si512(chunk.shift + i);
    const __m512i slot =
        _mm512_and_si512(_mm512_srlv_epi64(head, shift), _mm512_set1_epi64(node_slots - 1));
    const __m512i node = nodes_at(base, _mm512_load_si512(chunk.unit + i));
    const __m512i entry = entries_of(base, node, slot);
    const __m512i value = values_of(entry, _mm512_load_si512(chunk.fallback + i));
    _mm256_mask_storeu_epi32(values + i, here, _mm512_cvtepi64_epi32(value));
    const auto further = static_cast<__mmask8>(groups_among(entry) & here);
    start_walking(chunk.walking, further,
                  _mm512_add_epi64(positions, _mm512_set1_epi64(static_cast<long long>(i))),
                  _mm512_add_epi64(shift, _mm512_set1_epi64(64)), entry);
  }
  while (chunk.walking.count > 0) walk_on(base, addresses, values, chunk);
}

template <typename AllTables>
void look_up_in_chunks(const std::uint32_t* base, AllTables tables, const Ipv6Address* addresses,
                       Value* values, std::size_t count) {
  for (std::size_t done = 0; done < count; done += avx512_chunk) {
    look_up(base, tables.from(done), addresses + done, values + done,
            std::min(avx512_chunk, count - done));
  }
}

}  // namespace

void avx512_many(const std::uint32_t* base, const Ipv6Descriptor* tables,
                 const std::uint32_t* table_index, const Ipv6Address* addresses, Value* values,
                 std::size_t count) noexcept {
  look_up_in_chunks(base, Many{tables, table_index}, addresses, values, count);
}
void avx512_one(const std::uint32_t* base, const Ipv6Descriptor& table,
                const Ipv6Address* addresses, Value* values, std::size_t count) noexcept {
  look_up_in_chunks(base, One{&table}, addresses, values, count);
}

}  // namespace bgw::lpm

#endif
