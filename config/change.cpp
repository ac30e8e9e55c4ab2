#include "config/change.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "config/quoted.h"
#include "config/rules.h"
#include "config/views.h"

namespace bgw::config {
namespace {

constexpr std::array<std::string_view, 6> kind_names{"port",    "vpc",        "underlay",
                                                     "gateway", "attachment", "assertion"};

// Which rules a change can break: those of what it touches, of what refers to that, and of what
// competes with it for a port, a VLAN, a VNI or a pair of VPC and gateway. What `before` and
// `after` have in common keeps its rules otherwise.
class Touched {
 public:
  Touched(const ModelView& after, const Objects<Vpc>& vpcs, const Objects<Underlay>& underlays,
          const Objects<Gateway>& gateways, const Objects<Attachment>& attachments,
          const Objects<Assertion>& assertions)
      : after_(after),
        vpcs_(vpcs),
        underlays_(underlays),
        gateways_(gateways),
        attachments_(attachments),
        assertions_(assertions) {
    scope_.ports = Some::none(after.ports.size());
    scope_.vpcs = Some::none(after.vpcs.size());
    scope_.underlays = Some::none(after.underlays.size());
    scope_.gateways = Some::none(after.gateways.size());
    scope_.gateway_attachments = Some::none(after.gateways.size());
    scope_.attachments = Some::none(after.attachments.size());
    scope_.assertions = Some::none(after.assertions.size());
  }

  void port(const Port* before, const Port* after) {
    if (!std::exchange(ports_are_touched_, true)) {
      for (std::size_t i = 0; i < after_.ports.size(); ++i) scope_.ports.add(i);  // few
    }
    add_users_of_port((before ? before : after)->name);
  }

  void vpc(const Vpc* before, const Vpc* after) {
    const std::string& name = (before ? before : after)->name;
    if (after != nullptr) judge_vpc(*vpcs_.position(name));
    for (std::size_t i = 0; i < after_.attachments.size(); ++i) {
      if (after_.attachments[i].vpc == name) judge_attachment(i);
    }
  }

  void underlay(const Underlay* before, const Underlay* after) {
    const std::string& name = (before ? before : after)->name;
    if (after != nullptr) judge_underlay(*underlays_.position(name));
    for_each_binding<VxlanBinding>([&](std::size_t i, const VxlanBinding& vxlan) {
      if (vxlan.underlay == name) judge_vpc(i);
    });
  }

  void gateway(const Gateway* before, const Gateway* after) {
    if (after != nullptr) {
      const auto position = *gateways_.position(after->name);
      scope_.gateways.add(position);
      scope_.gateway_attachments.add(position);
      if (before == nullptr || before->interfaces != after->interfaces) judge_interfaces(*after);
    }
    // What refers to it looks at nothing else of it.
    if (before && after && before->account == after->account && before->region == after->region) {
      return;
    }
    const std::string& name = (before ? before : after)->name;
    for (std::size_t i = 0; i < after_.attachments.size(); ++i) {
      if (after_.attachments[i].gateway == name) judge_attachment(i);
    }
    if (after == nullptr) judge_vpcs_that_name(name);
  }

  void attachment(const Attachment* before, const Attachment* after) {
    if (after != nullptr) {
      judge_attachment(*attachments_.position(after->name));
      count_attachments(after->gateway);
    }
    if (before == nullptr) return;
    if (after && before->vpc == after->vpc && before->gateway == after->gateway) return;
    count_attachments(before->gateway);
    if (const auto vpc = vpcs_.position(before->vpc)) judge_vpc(*vpc);  // V5
    if (const auto gateway = gateways_.position(before->gateway)) {
      if (has_static_through(after_.gateways[*gateway], before->name)) {
        scope_.gateways.add(*gateway);
      }
    }
  }

  // Nothing refers to it, nor it to anything by more than a pattern.
  void assertion(const Assertion* after) {
    if (after != nullptr) scope_.assertions.add(*assertions_.position(after->name));
  }

  const Scope& scope() const { return scope_; }

 private:
  template <typename Binding, typename Visit>
  void for_each_binding(Visit visit) const {
    for (std::size_t i = 0; i < after_.vpcs.size(); ++i) {
      const auto& interface = after_.vpcs[i].interface;
      const auto* binding = interface ? std::get_if<Binding>(&interface->binding) : nullptr;
      if (binding != nullptr) visit(i, *binding);
    }
  }

  // Of every gateway, with its position.
  template <typename Visit>
  void for_each_outside(Visit visit) const {
    for (std::size_t i = 0; i < after_.gateways.size(); ++i) {
      for (const OutsideInterface& interface : after_.gateways[i].interfaces) visit(i, interface);
    }
  }

  void add_users_of_port(const std::string& port) {
    for (std::size_t i = 0; i < after_.underlays.size(); ++i) {
      if (after_.underlays[i].port() == port) judge_underlay(i);
    }
    for_each_outside([&](std::size_t i, const OutsideInterface& interface) {
      if (interface.port() == port) scope_.gateways.add(i);
    });
    for_each_binding<PortBinding>([&](std::size_t i, const PortBinding& binding) {
      if (binding.port == port) judge_vpc(i);
    });
    for_each_binding<VlanBinding>([&](std::size_t i, const VlanBinding& binding) {
      if (binding.port == port) judge_vpc(i);
    });
  }

  // With those that would have the same frames.
  void judge_vpc(std::size_t position) {
    if (!scope_.vpcs.add(position)) return;
    const auto& interface = after_.vpcs[position].interface;
    if (!interface) return;
    if (const auto* port = std::get_if<PortBinding>(&interface->binding)) {
      judge_untagged(port->port);
    } else if (const auto* vlan = std::get_if<VlanBinding>(&interface->binding)) {
      judge_vlan(*vlan);
    } else {
      const auto& vxlan = std::get<VxlanBinding>(interface->binding);
      for_each_binding<VxlanBinding>([&](std::size_t i, const VxlanBinding& other) {
        if (other.vni == vxlan.vni && other.underlay == vxlan.underlay) scope_.vpcs.add(i);
      });
    }
  }

  void judge_underlay(std::size_t position) {
    if (!scope_.underlays.add(position)) return;
    judge_wire(after_.underlays[position].binding);
  }

  void judge_interfaces(const Gateway& gateway) {
    for (const OutsideInterface& interface : gateway.interfaces) judge_wire(interface.binding);
  }

  void judge_wire(const std::variant<PortBinding, VlanBinding>& binding) {
    if (const auto* vlan = std::get_if<VlanBinding>(&binding)) {
      judge_vlan(*vlan);
    } else {
      judge_untagged(port_of(binding));
    }
  }

  void judge_untagged(const std::string& port) {
    for_each_binding<PortBinding>([&](std::size_t i, const PortBinding& other) {
      if (other.port == port) scope_.vpcs.add(i);
    });
    judge_others_on(PortBinding{port});
  }

  void judge_vlan(const VlanBinding& vlan) {
    for_each_binding<VlanBinding>([&](std::size_t i, const VlanBinding& other) {
      if (other == vlan) scope_.vpcs.add(i);
    });
    judge_others_on(vlan);
  }

  void judge_others_on(const std::variant<PortBinding, VlanBinding>& binding) {
    for (std::size_t i = 0; i < after_.underlays.size(); ++i) {
      if (after_.underlays[i].binding == binding) scope_.underlays.add(i);
    }
    for_each_outside([&](std::size_t i, const OutsideInterface& interface) {
      if (interface.binding == binding) scope_.gateways.add(i);
    });
  }

  // With the one that joins the same pair.
  void judge_attachment(std::size_t position) {
    if (!scope_.attachments.add(position)) return;
    const Attachment& judged = after_.attachments[position];
    for (std::size_t i = 0; i < after_.attachments.size(); ++i) {
      const Attachment& other = after_.attachments[i];
      if (other.vpc == judged.vpc && other.gateway == judged.gateway) scope_.attachments.add(i);
    }
  }

  void count_attachments(const std::string& gateway) {
    if (const auto position = gateways_.position(gateway)) {
      scope_.gateway_attachments.add(*position);
    }
  }

  static bool has_static_through(const Gateway& gateway, const std::string& attachment) {
    return std::ranges::any_of(gateway.static_routes, [&](const GatewayStaticRoute& route) {
      return route.leads_through(attachment);
    });
  }

  static bool names(const RouteTable& table, const std::string& gateway) {
    return std::ranges::find(table.propagations, gateway, &Propagation::gateway) !=
               table.propagations.end() ||
           std::ranges::any_of(table.static_routes, [&](const VpcStaticRoute& route) {
             return std::ranges::any_of(route.via, [&](const auto& via) {
               const auto* to = std::get_if<ViaGateway>(&via);
               return to != nullptr && to->gateway == gateway;
             });
           });
  }
  void judge_vpcs_that_name(const std::string& gateway) {
    for (std::size_t i = 0; i < after_.vpcs.size(); ++i) {
      const bool named = std::ranges::any_of(
          after_.vpcs[i].route_tables, [&](const auto& table) { return names(table, gateway); });
      if (named) judge_vpc(i);
    }
  }

  const ModelView& after_;
  const Objects<Vpc>& vpcs_;
  const Objects<Underlay>& underlays_;
  const Objects<Gateway>& gateways_;
  const Objects<Attachment>& attachments_;
  const Objects<Assertion>& assertions_;
  Scope scope_;
  bool ports_are_touched_ = false;
};

const std::string& name_at(const ModelView& model, Kind kind, std::size_t position) {
  switch (kind) {
    case Kind::port:
      return model.ports[position].name;
    case Kind::vpc:
      return model.vpcs[position].name;
    case Kind::underlay:
      return model.underlays[position].name;
    case Kind::gateway:
      return model.gateways[position].name;
    case Kind::attachment:
      return model.attachments[position].name;
    case Kind::assertion:
      break;
  }
  return model.assertions[position].name;
}

std::size_t count_of(const ModelView& model, Kind kind) {
  switch (kind) {
    case Kind::port:
      return model.ports.size();
    case Kind::vpc:
      return model.vpcs.size();
    case Kind::underlay:
      return model.underlays.size();
    case Kind::gateway:
      return model.gateways.size();
    case Kind::attachment:
      return model.attachments.size();
    case Kind::assertion:
      break;
  }
  return model.assertions.size();
}

// "vpcs[3].interface.mtu" as the VPC's "interface.mtu". What concerns a list as a whole, as its
// length does, is nobody's: its name is empty.
ObjectProblem of_object(const ModelView& model, Problem problem) {
  const std::string_view where = problem.where;
  const auto open = where.find('[');
  const auto close = where.find(']');
  const auto list = where.substr(0, open);
  const auto kind = static_cast<Kind>(
      std::ranges::find(kind_names, list.substr(0, list.size() - 1)) - kind_names.begin());
  if (close == std::string_view::npos)
    return {{kind, ""}, "", std::move(problem.message), problem.rule};
  std::size_t position = 0;
  std::from_chars(where.data() + open + 1, where.data() + close, position);
  if (position >= count_of(model, kind))
    return {{kind, ""}, "", std::move(problem.message), problem.rule};
  const auto rest = where.substr(std::min(close + 2, where.size()));
  return {{kind, name_at(model, kind, position)},
          std::string(rest),
          std::move(problem.message),
          problem.rule};
}

template <typename T>
void put(Objects<T>& objects, T object) {
  const T* known = objects.find(object.name);
  if (known == nullptr || *known != object) objects.put(std::move(object));
}

}  // namespace

std::string_view to_string(Kind kind) {
  return kind_names.at(static_cast<std::size_t>(kind));
}

Kind kind_of(const Object& object) {
  return static_cast<Kind>(object.index());
}

const std::string& name_of(const Object& object) {
  return std::visit([](const auto& one) -> const std::string& { return one.name; }, object);
}

// Applies a change to a model's lists and says what it touched.
class Changer {
 public:
  explicit Changer(const ValidModel& before) : before_(before), after_(before) {}

  void remove(const ObjectName& name) {
    if (erase(name)) return;
    problems_.push_back({name, "",
                         fmt::format("no {} {} exists", to_string(name.kind), quoted(name.name)),
                         Rule::exists});
  }

  void operator()(Port port) { put(after_.ports_, std::move(port)); }
  void operator()(Vpc vpc) { put(after_.vpcs_, std::move(vpc)); }
  void operator()(Underlay underlay) { put(after_.underlays_, std::move(underlay)); }
  void operator()(Gateway gateway) { put(after_.gateways_, std::move(gateway)); }
  void operator()(Attachment attachment) { put(after_.attachments_, std::move(attachment)); }
  void operator()(Assertion assertion) { put(after_.assertions_, std::move(assertion)); }

  // What is left of it and made of it for views.h.
  template <typename View>
  static ValidModel viewed(ValidModel model, const View& view) {
    view(model.ports_, model.vpcs_, model.underlays_, model.gateways_, model.attachments_,
         model.assertions_);
    return model;
  }

  tl::expected<ValidModel, std::vector<ObjectProblem>> check() {
    const ModelView view(after_.region_, after_.ports_, after_.vpcs_, after_.underlays_,
                         after_.gateways_, after_.attachments_, after_.assertions_);
    Touched touched(view, after_.vpcs_, after_.underlays_, after_.gateways_, after_.attachments_,
                    after_.assertions_);
    for_each_difference(before_.ports_, after_.ports_, [&](const auto& old, const auto& now) {
      touched.port(old.get(), now.get());
    });
    for_each_difference(before_.vpcs_, after_.vpcs_, [&](const auto& old, const auto& now) {
      touched.vpc(old.get(), now.get());
    });
    for_each_difference(
        before_.underlays_, after_.underlays_,
        [&](const auto& old, const auto& now) { touched.underlay(old.get(), now.get()); });
    for_each_difference(before_.gateways_, after_.gateways_, [&](const auto& old, const auto& now) {
      touched.gateway(old.get(), now.get());
    });
    for_each_difference(
        before_.attachments_, after_.attachments_,
        [&](const auto& old, const auto& now) { touched.attachment(old.get(), now.get()); });
    for_each_difference(before_.assertions_, after_.assertions_,
                        [&](const auto&, const auto& now) { touched.assertion(now.get()); });
    for (Finding& finding : check_rules(view, touched.scope())) {
      if (finding.problem.where == "region") continue;  // not the change's
      problems_.push_back(of_object(view, std::move(finding.problem)));
    }
    if (!problems_.empty()) return tl::unexpected(std::move(problems_));
    return std::move(after_);
  }

 private:
  bool erase(const ObjectName& name) {
    switch (name.kind) {
      case Kind::port:
        return after_.ports_.erase(name.name);
      case Kind::vpc:
        return after_.vpcs_.erase(name.name);
      case Kind::underlay:
        return after_.underlays_.erase(name.name);
      case Kind::gateway:
        return after_.gateways_.erase(name.name);
      case Kind::attachment:
        return after_.attachments_.erase(name.name);
      case Kind::assertion:
        break;
    }
    return after_.assertions_.erase(name.name);
  }

  const ValidModel& before_;
  ValidModel after_;
  std::vector<ObjectProblem> problems_;
};

tl::expected<ValidModel, std::vector<ObjectProblem>> change(const ValidModel& before,
                                                            ModelChange change) {
  Changer changer(before);
  for (const ObjectName& name : change.removed) changer.remove(name);
  for (Object& object : change.put)
    std::visit([&](auto one) { changer(std::move(one)); }, std::move(object));
  return changer.check();
}

namespace {

template <typename T, typename Is>
void keep(Objects<T>& objects, const Is& is) {
  std::vector<typename Objects<T>::Pointer> kept;
  std::ranges::copy_if(objects.pointers(), std::back_inserter(kept),
                       [&](const auto& object) { return is(*object); });
  objects = Objects<T>(std::move(kept));
}

// `change` of a copy of each that `is` holds for.
template <typename T, typename Is, typename Change>
void change_each(Objects<T>& objects, const Is& is, const Change& change) {
  auto pointers = objects.pointers();
  for (auto& pointer : pointers) {
    if (!is(*pointer)) continue;
    auto copy = std::make_shared<T>(*pointer);
    change(*copy);
    pointer = std::move(copy);
  }
  objects = Objects<T>(std::move(pointers));
}

}  // namespace

ValidModel of_account(const ValidModel& model, std::string_view account) {
  const auto is_of = [&](const auto& object) { return object.account == account; };
  return Changer::viewed(
      model, [&](auto&, auto& vpcs, auto&, auto& gateways, auto& attachments, auto& assertions) {
        keep(vpcs, is_of);
        keep(gateways, is_of);
        keep(attachments, [&](const Attachment& one) { return vpcs.find(one.vpc) != nullptr; });
        assertions = {};  // they are the operator's, and may name what is others'
      });
}

ValidModel without_wires(const ValidModel& model) {
  return Changer::viewed(
      model, [](auto& ports, auto& vpcs, auto& underlays, auto& gateways, auto&, auto&) {
        ports = {};
        underlays = {};
        change_each(
            gateways, [](const Gateway& gateway) { return !gateway.interfaces.empty(); },
            [](Gateway& gateway) { gateway.interfaces.clear(); });
        change_each(
            vpcs, [](const Vpc& vpc) { return vpc.interface.has_value(); },
            [](Vpc& vpc) { vpc.interface.reset(); });
      });
}

ValidModel with_devices_as(const ValidModel& model, std::string_view text) {
  return Changer::viewed(model, [&](auto& ports, auto&, auto&, auto&, auto&, auto&) {
    change_each(
        ports, [](const Port&) { return true; }, [&](Port& port) { port.device = text; });
  });
}

}  // namespace bgw::config
