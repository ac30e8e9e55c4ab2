// A model as the rules look at it, wherever its objects lie: in a Model, where names may repeat, or
// shared in a ValidModel that is about to change.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.h"
#include "config/objects.h"

namespace bgw::config {

template <typename T>
class ListView {
 public:
  explicit ListView(const std::vector<T>& list) {
    list_.reserve(list.size());
    for (const T& one : list) list_.push_back(&one);
  }
  explicit ListView(const Objects<T>& list) {
    list_.reserve(list.size());
    for (const T& one : list) list_.push_back(&one);
  }
  std::size_t size() const { return list_.size(); }
  const T& operator[](std::size_t position) const { return *list_[position]; }
  auto begin() const { return PointedIterator<T, const T*>(list_.data()); }
  auto end() const { return PointedIterator<T, const T*>(list_.data() + list_.size()); }

 private:
  std::vector<const T*> list_;
};

// Refers to the objects.
struct ModelView {
  explicit ModelView(const Model& model)
      : region(model.region),
        ports(model.ports),
        vpcs(model.vpcs),
        underlays(model.underlays),
        gateways(model.gateways),
        attachments(model.attachments),
        assertions(model.assertions) {}
  ModelView(std::string_view region_, const Objects<Port>& ports_, const Objects<Vpc>& vpcs_,
            const Objects<Underlay>& underlays_, const Objects<Gateway>& gateways_,
            const Objects<Attachment>& attachments_, const Objects<Assertion>& assertions_)
      : region(region_),
        ports(ports_),
        vpcs(vpcs_),
        underlays(underlays_),
        gateways(gateways_),
        attachments(attachments_),
        assertions(assertions_) {}

  std::string_view region;
  ListView<Port> ports;
  ListView<Vpc> vpcs;
  ListView<Underlay> underlays;
  ListView<Gateway> gateways;
  ListView<Attachment> attachments;
  ListView<Assertion> assertions;
};

}  // namespace bgw::config
