// 16 IPv4 addresses at a time. Each step is done for the whole chunk before the next one, so that
// its cache misses overlap.
#include "lpm/lookup.h"
#include "lpm/lookup_avx512.h"

#ifdef BGW_LPM_AVX512

namespace bgw::lpm {
namespace {

constexpr std::size_t lanes = 16;
// Fewer walkers than this go on one by one, which a vector of mostly idle lanes would not beat.
constexpr std::size_t worth_a_vector = 8;

struct Nodes {
  __m512i map;
  __m512i first;
};

// Lanes of what the first stage needs to know of a table.
struct Tables {
  __m512i low, root, size, fallback, shift;
};

BGW_AVX512 inline __mmask16 first_lanes(std::size_t count) {
  return static_cast<__mmask16>(count >= lanes ? 0xffff : (1u << count) - 1);
}

// Gathers merge into what their register held: zeros, or they would wait for the gather before.
BGW_AVX512 inline Nodes load_nodes(const std::uint32_t* base, __m512i unit) {
  const __m512i zero = _mm512_setzero_si512();
  const __m512i low = _mm512_mask_i32gather_epi64(zero, 0xff, _mm512_castsi512_si256(unit), base,
                                                  unit_bytes);
  const __m512i high = _mm512_mask_i32gather_epi64(
      zero, 0xff, _mm512_extracti64x4_epi64(unit, 1), base, unit_bytes);
  const __m512i even =
      _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  return {_mm512_permutex2var_epi32(low, even, high), _mm512_permutex2var_epi32(low, odd, high)};
}

// Index of the run's entry; the entry itself is `first` where the node has no map.
BGW_AVX512 inline __m512i run_index(const Nodes& nodes, __m512i slot) {
  const __m512i before = _mm512_xor_si512(slot, _mm512_set1_epi32(node_slots - 1));
  const __m512i run = _mm512_popcnt_epi32(_mm512_sllv_epi32(nodes.map, before));
  return _mm512_add_epi32(nodes.first, run);
}

BGW_AVX512 inline __m512i values_of(__m512i entry, __m512i fallback) {
  const __m512i minus_one = _mm512_sub_epi32(entry, _mm512_set1_epi32(1));
  const __m512i value = _mm512_and_si512(minus_one, _mm512_set1_epi32(value_mask));
  return _mm512_mask_mov_epi32(value, _mm512_testn_epi32_mask(entry, entry), fallback);
}

BGW_AVX512 inline Tables unpack(__m512i low, __m512i root, __m512i size, __m512i packed) {
  return {low, root, size, _mm512_and_si512(packed, _mm512_set1_epi32(value_mask)),
          _mm512_srli_epi32(packed, value_bits)};
}

struct One {
  static constexpr bool prefetch = false;  // slower by measurement

  const Ipv4Descriptor* table;
  BGW_AVX512 Tables load(std::size_t, std::size_t) const {
    const __m512i all =
        _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table)));
    return unpack(
        _mm512_shuffle_epi32(all, _MM_PERM_AAAA), _mm512_shuffle_epi32(all, _MM_PERM_BBBB),
        _mm512_shuffle_epi32(all, _MM_PERM_CCCC), _mm512_shuffle_epi32(all, _MM_PERM_DDDD));
  }
  One from(std::size_t) const { return *this; }
};

struct Many {
  static constexpr bool prefetch = true;
  const Ipv4Descriptor* tables;
  const std::uint32_t* index;

  BGW_AVX512 __m128i table(std::uint32_t i) const {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(tables + i));
  }
  // Every fourth table of 16, from the j-th on.
  BGW_AVX512 __m512i every_fourth(const std::uint32_t* of, std::size_t j) const {
    __m512i four = _mm512_castsi128_si512(table(of[j]));
    four = _mm512_inserti32x4(four, table(of[j + 4]), 1);
    four = _mm512_inserti32x4(four, table(of[j + 8]), 2);
    return _mm512_inserti32x4(four, table(of[j + 12]), 3);
  }
  // Four transpositions of 4×4: descriptors are 16 bytes, and loads are cheaper than gathers.
  BGW_AVX512 Tables load(std::size_t at, std::size_t count) const {
    alignas(64) std::uint32_t of[lanes];
    const __m512i other = _mm512_set1_epi32(static_cast<int>(index[at]));
    _mm512_store_si512(of, _mm512_mask_loadu_epi32(other, first_lanes(count), index + at));
    const __m512i a = every_fourth(of, 0), b = every_fourth(of, 1);
    const __m512i c = every_fourth(of, 2), d = every_fourth(of, 3);
    const __m512i ab = _mm512_unpacklo_epi32(a, b), cd = _mm512_unpacklo_epi32(c, d);
    const __m512i ab2 = _mm512_unpackhi_epi32(a, b), cd2 = _mm512_unpackhi_epi32(c, d);
    return unpack(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd),
                  _mm512_unpacklo_epi64(ab2, cd2), _mm512_unpackhi_epi64(ab2, cd2));
  }
  Many from(std::size_t i) const { return {tables, index + i}; }
};

struct Chunk {
  alignas(64) std::uint32_t unit[avx512_chunk];
  alignas(64) std::uint32_t shift[avx512_chunk];
  alignas(64) std::uint32_t fallback[avx512_chunk];
  alignas(64) std::uint32_t first[avx512_chunk];
  alignas(64) std::uint32_t run[avx512_chunk];
  __mmask16 has_runs[avx512_chunk / lanes];
  Walking<std::uint32_t> walking;
};

BGW_AVX512 inline void start_walking(Walking<std::uint32_t>& walking, __mmask16 which, __m512i who,
                                     __m512i rest, __m512i entry) {
  _mm512_storeu_si512(walking.who + walking.count, _mm512_maskz_compress_epi32(which, who));
  _mm512_storeu_si512(walking.rest + walking.count, _mm512_maskz_compress_epi32(which, rest));
  _mm512_storeu_si512(walking.entry + walking.count, _mm512_maskz_compress_epi32(which, entry));
  walking.count += static_cast<std::size_t>(std::popcount(which));
}

// One group for each.
BGW_AVX512 inline void walk_on(const std::uint32_t* base, const std::uint32_t* addresses,
                               Value* values, Chunk& chunk) {
  Walking<std::uint32_t>& walking = chunk.walking;
  const std::size_t count = std::exchange(walking.count, 0);
  for (std::size_t k = 0; k < count; k += lanes) {
    const __mmask16 here = first_lanes(count - k);
    const __m512i who = _mm512_maskz_load_epi32(here, walking.who + k);
    const __m512i group = _mm512_maskz_load_epi32(here, walking.entry + k);
    const __m512i zero = _mm512_setzero_si512();
    const __m512i address = _mm512_mask_i32gather_epi32(zero, here, who, addresses, 4);
    const __m512i wider = _mm512_and_si512(_mm512_srli_epi32(group, unit_index_bits),
                                           _mm512_set1_epi32(stride_bits - node_bits));
    const __m512i width = _mm512_add_epi32(wider, _mm512_set1_epi32(node_bits));
    const __m512i rest = _mm512_sub_epi32(_mm512_maskz_load_epi32(here, walking.rest + k), width);
    const __m512i ones = _mm512_set1_epi32(-1);
    const __m512i place =
        _mm512_andnot_si512(_mm512_sllv_epi32(ones, width), _mm512_srlv_epi32(address, rest));
    const __m512i first_unit = _mm512_and_si512(group, _mm512_set1_epi32(group_unit_mask));
    const __m512i unit =
        _mm512_maskz_add_epi32(here, first_unit, _mm512_srli_epi32(place, node_bits));
    const Nodes nodes = load_nodes(base, unit);
    const __m512i slot = _mm512_and_si512(place, _mm512_set1_epi32(node_slots - 1));
    const __mmask16 has_runs = _mm512_test_epi32_mask(nodes.map, nodes.map);
    const __m512i entry =
        _mm512_mask_i32gather_epi32(nodes.first, has_runs, run_index(nodes, slot), base, 4);
    const __mmask16 further = _mm512_movepi32_mask(entry) & here;
    const auto done = static_cast<__mmask16>(here & ~further);
    const __m512i fallback = _mm512_mask_i32gather_epi32(zero, done, who, chunk.fallback, 4);
    _mm512_mask_i32scatter_epi32(values, done, who, values_of(entry, fallback), 4);
    start_walking(walking, further, who, rest, entry);  // never beyond what was read
  }
}

template <typename AllTables>
BGW_AVX512 void look_up(const std::uint32_t* base, AllTables tables, const std::uint32_t* addresses,
                        Value* values, std::size_t count) {
  Chunk chunk;
  for (std::size_t i = 0; i < count; i += lanes) {
    const __mmask16 here = first_lanes(count - i);
    const Tables table = tables.load(i, count - i);
    const __m512i address = _mm512_maskz_loadu_epi32(here, addresses + i);
    const __m512i node_shift = _mm512_add_epi32(table.shift, _mm512_set1_epi32(node_bits));
    const __m512i node = _mm512_sub_epi32(_mm512_srlv_epi32(address, node_shift), table.low);
    const __mmask16 inside = _mm512_cmplt_epu32_mask(node, table.size);
    const __m512i unit = _mm512_maskz_add_epi32(inside & here, table.root, node);
    _mm512_store_si512(chunk.unit + i, unit);
    _mm512_store_si512(chunk.shift + i, table.shift);
    _mm512_store_si512(chunk.fallback + i, table.fallback);
    if constexpr (AllTables::prefetch) {
      for (std::size_t j = 0; j < lanes; ++j) {
        __builtin_prefetch(base + std::size_t{chunk.unit[i + j]} * unit_entries);
      }
    }
  }
  for (std::size_t i = 0; i < count; i += lanes) {
    const __mmask16 here = first_lanes(count - i);
    const __m512i address = _mm512_maskz_loadu_epi32(here, addresses + i);
    const __m512i slot =
        _mm512_and_si512(_mm512_srlv_epi32(address, _mm512_load_si512(chunk.shift + i)),
                         _mm512_set1_epi32(node_slots - 1));
    const Nodes nodes = load_nodes(base, _mm512_load_si512(chunk.unit + i));
    const __mmask16 has_runs = _mm512_test_epi32_mask(nodes.map, nodes.map);
    chunk.has_runs[i / lanes] = has_runs;
    _mm512_store_si512(chunk.first + i, nodes.first);
    _mm512_store_si512(chunk.run + i, _mm512_maskz_mov_epi32(has_runs, run_index(nodes, slot)));
    if constexpr (AllTables::prefetch) {
      for (std::size_t j = 0; j < lanes; ++j) __builtin_prefetch(base + chunk.run[i + j]);
    }
  }
  const __m512i positions = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (std::size_t i = 0; i < count; i += lanes) {
    const __mmask16 here = first_lanes(count - i);
    const __m512i entry =
        _mm512_mask_i32gather_epi32(_mm512_load_si512(chunk.first + i), chunk.has_runs[i / lanes],
                                    _mm512_load_si512(chunk.run + i), base, 4);
    _mm512_mask_storeu_epi32(values + i, here,
                             values_of(entry, _mm512_load_si512(chunk.fallback + i)));
    const __mmask16 further = _mm512_movepi32_mask(entry) & here;
    if (further == 0) [[likely]]
      continue;
    start_walking(chunk.walking, further,
                  _mm512_add_epi32(positions, _mm512_set1_epi32(static_cast<int>(i))),
                  _mm512_load_si512(chunk.shift + i), entry);
  }
  while (chunk.walking.count >= worth_a_vector) walk_on(base, addresses, values, chunk);
  for (std::size_t k = 0; k < chunk.walking.count; ++k) {
    const std::uint32_t i = chunk.walking.who[k];
    const Entry entry = end_of_walk(base, addresses[i], chunk.walking.entry[k],
                                    address_bits<Ipv4Address> - chunk.walking.rest[k]);
    values[i] = entry == no_entry ? chunk.fallback[i] : (entry - 1) & value_mask;
  }
}

template <typename AllTables>
void look_up_in_chunks(const std::uint32_t* base, AllTables tables, const std::uint32_t* addresses,
                       Value* values, std::size_t count) {
  for (std::size_t done = 0; done < count; done += avx512_chunk) {
    look_up(base, tables.from(done), addresses + done, values + done,
            std::min(avx512_chunk, count - done));
  }
}

}  // namespace

bool has_avx512() noexcept {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vpopcntdq");
}

void avx512_many(const std::uint32_t* base, const Ipv4Descriptor* tables,
                 const std::uint32_t* table_index, const Ipv4Address* addresses, Value* values,
                 std::size_t count) noexcept {
  look_up_in_chunks(base, Many{tables, table_index}, addresses, values, count);
}
void avx512_one(const std::uint32_t* base, const Ipv4Descriptor& table,
                const Ipv4Address* addresses, Value* values, std::size_t count) noexcept {
  look_up_in_chunks(base, One{&table}, addresses, values, count);
}

}  // namespace bgw::lpm

#endif
