#include "control/routes/deliveries.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bgw::control {
namespace {

using Ids = std::unordered_map<std::string_view, std::uint32_t>;

class Deliveries {
 public:
  Deliveries(const GatewayRoutes& gateway, const config::ValidModel& model,
             const config::Objects<VpcReach>& vpcs) {
    result_.name = gateway.name;
    number_vpcs(model, vpcs);
    std::vector<config::IpPrefix> prefixes;
    std::vector<const Route*> routes;
    for (const Route& route : gateway.routes) {
      if (route.status != Status::valid) continue;
      prefixes.push_back(route.prefix);
      routes.push_back(&route);
    }
    for_each_longest(prefixes, [&](const AddressRange& range, std::size_t position) {
      add(range, routes[position]->next_hops);
    });
  }

  std::shared_ptr<const GatewayReachability> take() {
    result_.starts.resize(result_.vpcs.size() + 1);
    for (const Delivery& delivery : result_.deliveries) ++result_.starts[delivery.vpc + 1];
    for (std::size_t i = 1; i < result_.starts.size(); ++i) {
      result_.starts[i] += result_.starts[i - 1];
    }
    auto next = result_.starts;
    result_.positions.resize(result_.deliveries.size());
    for (std::uint32_t i = 0; i < result_.deliveries.size(); ++i) {
      result_.positions[next[result_.deliveries[i].vpc]++] = i;
    }
    result_.deliveries.shrink_to_fit();
    return std::make_shared<const GatewayReachability>(std::move(result_));
  }

 private:
  // A VPC has one attachment to a gateway.
  void number_vpcs(const config::ValidModel& model, const config::Objects<VpcReach>& vpcs) {
    std::vector<const config::Attachment*> attached;
    for (const auto& attachment : model.attachments()) {
      if (attachment.gateway == result_.name) attached.push_back(&attachment);
    }
    std::ranges::sort(attached, {}, [](const auto* each) { return std::string_view(each->vpc); });
    auto known = vpcs.by_name().begin();
    for (const config::Attachment* attachment : attached) {
      while (vpcs[*known].name != attachment->vpc) ++known;
      ids_.emplace(attachment->name, static_cast<std::uint32_t>(result_.vpcs.size()));
      result_.vpcs.push_back(attachment->vpc);
      accepts_.push_back(&vpcs[*known].accepts);
    }
  }

  // Calls visit(part, is sure) for what of the range the VPC takes.
  template <typename Visit>
  void for_each_accepted(std::uint32_t vpc, const AddressRange& range, Visit visit) const {
    const auto& accepts = *accepts_[vpc];
    auto at = std::ranges::lower_bound(accepts, range.first, {},
                                       [](const Accepted& each) { return each.range.last; });
    for (; at != accepts.end() && at->range.first <= range.last; ++at) {
      visit(*common_part(at->range, range), at->sure);
    }
  }

  void add(const AddressRange& range, const std::vector<NextHop>& next_hops) {
    targets_.clear();
    for (const NextHop& hop : next_hops) {
      const auto* to = std::get_if<ToAttachment>(&hop);
      if (to != nullptr) targets_.push_back(id_of(to->attachment));
    }
    if (targets_.size() == 1) {
      for_each_accepted(targets_.front(), range, [&](const AddressRange& part, bool sure) {
        append({part, targets_.front(), sure});
      });
    } else {
      add_group(range);
    }
  }

  // Members of a group take different parts: cut where any part begins or ends.
  void add_group(const AddressRange& range) {
    std::vector<config::IpAddress> begins;
    for (const auto vpc : targets_) {
      for_each_accepted(vpc, range, [&](const AddressRange& part, bool) {
        begins.push_back(part.first);
        const auto after = address_after(part.last);
        if (after && *after <= range.last) begins.push_back(*after);
      });
    }
    std::ranges::sort(begins);
    begins.erase(std::unique(begins.begin(), begins.end()), begins.end());
    for (std::size_t i = 0; i < begins.size(); ++i) {
      const auto last = i + 1 < begins.size() ? *address_before(begins[i + 1]) : range.last;
      for (const auto vpc : targets_) {
        for_each_accepted(vpc, {begins[i], last}, [&](const AddressRange& part, bool) {
          result_.deliveries.push_back({part, vpc, false});
        });
      }
    }
  }

  void append(const Delivery& delivery) {
    auto& all = result_.deliveries;
    if (!all.empty() && all.back().vpc == delivery.vpc && all.back().sure == delivery.sure &&
        all.back().range.first.family == delivery.range.first.family &&
        address_after(all.back().range.last) == delivery.range.first && !ends_in_group()) {
      all.back().range.last = delivery.range.last;
    } else {
      all.push_back(delivery);
    }
  }
  bool ends_in_group() const {
    const auto& all = result_.deliveries;
    return all.size() > 1 && all[all.size() - 2].range == all.back().range;
  }

  // Routes of one attachment often follow each other.
  std::uint32_t id_of(const std::string& attachment) {
    if (last_ == nullptr || *last_ != attachment) {
      last_ = &attachment;
      last_id_ = ids_.at(attachment);
    }
    return last_id_;
  }

  Ids ids_;  // of attachments
  std::vector<const std::vector<Accepted>*> accepts_;
  std::vector<std::uint32_t> targets_;
  const std::string* last_ = nullptr;
  std::uint32_t last_id_ = 0;
  GatewayReachability result_;
};

}  // namespace

std::shared_ptr<const GatewayReachability> deliveries_of(const GatewayRoutes& gateway,
                                                         const config::ValidModel& model,
                                                         const config::Objects<VpcReach>& vpcs) {
  return Deliveries(gateway, model, vpcs).take();
}

}  // namespace bgw::control
