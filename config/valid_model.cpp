#include "config/valid_model.h"

#include <utility>

namespace bgw::config {
namespace {

template <typename T>
std::vector<T> values(const Objects<T>& objects) {
  return {objects.begin(), objects.end()};
}

}  // namespace

ValidModel::ValidModel(Model model)
    : region_(std::move(model.region)),
      ports_(std::move(model.ports)),
      vpcs_(std::move(model.vpcs)),
      underlays_(std::move(model.underlays)),
      gateways_(std::move(model.gateways)),
      attachments_(std::move(model.attachments)),
      assertions_(std::move(model.assertions)) {}

Model ValidModel::to_model() const {
  return {region_,           values(ports_),       values(vpcs_),      values(underlays_),
          values(gateways_), values(attachments_), values(assertions_)};
}

ValidModel ValidModel::shared_with(const ValidModel& before) const {
  ValidModel shared = *this;
  shared.ports_ = config::shared_with(before.ports_, ports_);
  shared.vpcs_ = config::shared_with(before.vpcs_, vpcs_);
  shared.underlays_ = config::shared_with(before.underlays_, underlays_);
  shared.gateways_ = config::shared_with(before.gateways_, gateways_);
  shared.attachments_ = config::shared_with(before.attachments_, attachments_);
  shared.assertions_ = config::shared_with(before.assertions_, assertions_);
  return shared;
}

}  // namespace bgw::config
