#include "control/slow_path/dataplane_io.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include <rte_mbuf.h>

namespace bgw::control {
namespace {

class MbufPacket final : public Packet {
 public:
  explicit MbufPacket(rte_mbuf* mbuf) : mbuf_(mbuf) {}
  ~MbufPacket() override { rte_pktmbuf_free(mbuf_); }
  MbufPacket(const MbufPacket&) = delete;
  MbufPacket& operator=(const MbufPacket&) = delete;

  Bytes bytes() override {
    if (mbuf_->nb_segs > 1) return linear_copy();
    return {rte_pktmbuf_mtod(mbuf_, const std::uint8_t*), rte_pktmbuf_data_len(mbuf_)};
  }
  dataplane::PacketNote& note() override { return dataplane::note_of(mbuf_); }

  rte_mbuf* mbuf() const { return mbuf_; }
  void disown() { mbuf_ = nullptr; }

 private:
  // A jumbo packet is spread over several buffers.
  Bytes linear_copy() {
    if (!copy_.empty()) return copy_;
    for (const rte_mbuf* segment = mbuf_; segment != nullptr; segment = segment->next) {
      const auto* data = rte_pktmbuf_mtod(segment, const std::uint8_t*);
      copy_.insert(copy_.end(), data, data + segment->data_len);
    }
    return copy_;
  }

  rte_mbuf* mbuf_;
  std::vector<std::uint8_t> copy_;
};

// Appends a buffer filled with the first of `bytes`; returns how many, 0 when none is free.
std::size_t append_segment(rte_mempool* pool, rte_mbuf*& head, Bytes bytes) {
  rte_mbuf* segment = rte_pktmbuf_alloc(pool);
  if (segment == nullptr) return 0;
  const std::size_t fits = std::min<std::size_t>(rte_pktmbuf_tailroom(segment), bytes.size());
  const auto count = static_cast<std::uint16_t>(fits);
  std::memcpy(rte_pktmbuf_append(segment, count), bytes.data(), count);
  if (head == nullptr) {
    head = segment;
  } else if (rte_pktmbuf_chain(head, segment) != 0) {
    rte_pktmbuf_free(segment);
    return 0;
  }
  return count;
}

}  // namespace

void DataplaneIo::take_punts(dataplane::PuntClass punt_class, std::size_t max,
                             std::vector<PacketPtr>& packets) {
  std::array<rte_mbuf*, 64> burst;
  while (max > 0) {
    const std::size_t wanted = std::min(max, burst.size());
    const std::size_t taken = dataplane_.take_punts(punt_class, std::span(burst.data(), wanted));
    for (rte_mbuf* mbuf : std::span(burst.data(), taken)) {
      packets.push_back(std::make_unique<MbufPacket>(mbuf));
    }
    if (taken < wanted) return;
    max -= taken;
  }
}

void DataplaneIo::take_mac_moves(std::vector<dataplane::MacMove>& moves) {
  std::array<dataplane::MacMove, 256> burst;
  const std::size_t taken = dataplane_.take_mac_moves(burst);
  moves.insert(moves.end(), burst.begin(), burst.begin() + static_cast<std::ptrdiff_t>(taken));
}

PacketPtr DataplaneIo::make(Bytes bytes) {
  rte_mbuf* head = nullptr;
  while (!bytes.empty()) {
    const std::size_t added = append_segment(dataplane_.pool(), head, bytes);
    if (added == 0) {
      rte_pktmbuf_free(head);
      return nullptr;
    }
    bytes = bytes.subspan(added);
  }
  auto packet = std::make_unique<MbufPacket>(head);
  packet->note() = {};
  return packet;
}

bool DataplaneIo::inject(PacketPtr& packet) {
  auto& ours = static_cast<MbufPacket&>(*packet);
  if (!dataplane_.inject(ours.mbuf())) return false;
  ours.disown();
  packet.reset();
  return true;
}

}  // namespace bgw::control
