// A change is refused for exactly the rules that the whole model breaks after it, and otherwise
// gives the model that the same change of plain values gives.
#include "config/change.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "config/ranges.h"

namespace bgw::config {
namespace {

// Objects of a small world, so that they refer to each other and get into each other's way.
class RandomObjects {
 public:
  explicit RandomObjects(std::uint32_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }
  bool chance(unsigned percent) { return below(100) < percent; }

  Object any() {
    switch (below(11)) {
      case 10:
        return assertion();
      case 0:
        return port();
      case 1:
        return underlay();
      case 2:
      case 3:
        return gateway();
      case 4:
      case 5:
      case 6:
        return attachment();
      default:
        return vpc();
    }
  }
  ObjectName any_name() { return {kind_of(any()), name_of(any())}; }

 private:
  std::string name(const char* kind, std::size_t count) {
    return kind + std::to_string(below(count));
  }
  std::string account() { return chance(90) ? "default" : "other"; }
  IpPrefix net(std::size_t i) {
    return IpPrefix::around(IpAddress::v4((10u << 24) + (static_cast<std::uint32_t>(i) << 16)), 16);
  }
  InterfaceAddress own(std::size_t i) {
    return {IpAddress::v4(net(i).address.v4_host_order() + 1), 24};
  }

  Port port() {
    return {name("p", 4), "net_tap" + std::to_string(below(5)) + (chance(50) ? ",iface=x" : "")};
  }
  Underlay underlay() {
    Underlay result{name("u", 2), PortBinding{name("p", 4)}, {own(200 + below(2))}, {}, 1500};
    if (chance(30)) {
      result.binding = VlanBinding{name("p", 4), static_cast<std::uint16_t>(1 + below(3)), {}};
    }
    if (chance(50)) result.router = IpAddress::v4(result.addresses[0].address.v4_host_order() + 1);
    return result;
  }
  Gateway gateway() {
    Gateway result{.name = name("g", 3), .account = account(), .region = "here"};
    if (chance(30)) result.quotas.attachments = static_cast<std::uint32_t>(below(4));
    for (std::size_t i = below(3); i > 0; --i) {
      result.static_routes.push_back({net(100 + i), {}});
      if (chance(70)) result.static_routes.back().via = {ViaAttachment{name("a", 8)}};
    }
    for (std::size_t i = below(3); i > 0; --i) result.interfaces.push_back(outside(i));
    if (chance(20)) {
      result.static_routes.push_back({net(120), {ViaAddress{router_on(150 + below(4))}}});
      if (chance(20)) result.static_routes.back().via.push_back(ViaAttachment{name("a", 8)});
    }
    return result;
  }
  IpAddress router_on(std::size_t link) {
    return IpAddress::v4(net(link).address.v4_host_order() + 2);
  }
  OutsideInterface outside(std::size_t i) {
    OutsideInterface result{.name = "e" + std::to_string(chance(90) ? i : 1)};
    result.binding = VlanBinding{name("p", 4), static_cast<std::uint16_t>(1 + below(3)), {}};
    if (chance(30)) result.binding = PortBinding{name("p", 4)};
    result.addresses = {own(150 + below(4))};
    return result;
  }
  Attachment attachment() {
    Attachment result{name("a", 8), name("g", 3), name("v", 6), AdvertiseAll{}};
    if (chance(30)) result.advertise = std::vector<std::string>{name("s", 2)};
    return result;
  }
  Assertion assertion() {
    Assertion result{name("c", 3), {{name("v", 6)}}, {{chance(80) ? "v*" : "*v"}, {}}, {}, {}};
    if (chance(20)) result.from.vpcs.push_back(name("v", 6));
    if (chance(10)) result.to.vpcs.clear();
    if (chance(10)) result.to.vpcs = {"?"};
    for (std::size_t i = below(3); i > 0; --i) result.to.prefixes.push_back(net(below(6)));
    return result;
  }
  std::variant<PortBinding, VlanBinding, VxlanBinding> binding() {
    if (chance(30)) return PortBinding{name("p", 4)};
    if (chance(50)) return VlanBinding{name("p", 4), static_cast<std::uint16_t>(1 + below(3)), {}};
    VxlanBinding vxlan{static_cast<std::uint32_t>(1 + below(3)), name("u", 2), {}, {}};
    vxlan.remotes = {IpAddress::v4(net(200 + below(2)).address.v4_host_order() + 7)};
    return vxlan;
  }
  Vpc vpc() {
    const std::size_t i = below(6);
    Vpc result{.name = "v" + std::to_string(i), .account = account(), .region = "here"};
    result.cidrs = {net(i)};
    for (std::size_t s = below(3); s > 0; --s) {
      const auto cidr = IpPrefix::around(
          IpAddress::v4(net(i).address.v4_host_order() + static_cast<std::uint32_t>(s << 8)), 24);
      result.subnets.push_back({"s" + std::to_string(s - 1), cidr, "main"});
    }
    if (chance(80)) {
      result.interface.emplace();
      result.interface->binding = binding();
      result.interface->addresses = {own(i)};
    }
    result.route_tables = {{"main", {}, {}}};
    RouteTable& main = result.route_tables.front();
    if (chance(40)) main.propagations.push_back({name("g", 3), {net(50)}});
    if (chance(20)) main.static_routes.push_back({net(60), {ViaGateway{name("g", 3)}}});
    return result;
  }

  std::mt19937 random_;
};

template <typename T>
void put(std::vector<T>& list, const T& object) {
  const auto known = std::ranges::find(list, object.name, &T::name);
  if (known == list.end()) {
    list.push_back(object);
  } else {
    *known = object;
  }
}

struct Put {
  Model& model;
  void operator()(const Port& object) const { put(model.ports, object); }
  void operator()(const Vpc& object) const { put(model.vpcs, object); }
  void operator()(const Underlay& object) const { put(model.underlays, object); }
  void operator()(const Gateway& object) const { put(model.gateways, object); }
  void operator()(const Attachment& object) const { put(model.attachments, object); }
  void operator()(const Assertion& object) const { put(model.assertions, object); }
};

bool erase(Model& model, const ObjectName& name) {
  const auto of = [&](auto& list) {
    return std::erase_if(list, [&](const auto& one) { return one.name == name.name; }) > 0;
  };
  switch (name.kind) {
    case Kind::port:
      return of(model.ports);
    case Kind::vpc:
      return of(model.vpcs);
    case Kind::underlay:
      return of(model.underlays);
    case Kind::gateway:
      return of(model.gateways);
    case Kind::attachment:
      return of(model.attachments);
    case Kind::assertion:
      break;
  }
  return of(model.assertions);
}

using Told = std::vector<std::tuple<std::string, std::string>>;  // where in the model, message

Told sorted(Told told) {
  std::ranges::sort(told);
  return told;
}

Told told_by(const std::vector<ObjectProblem>& problems, const Model& model) {
  const auto position = [&](const ObjectName& name) {
    const auto in = [&](const auto& list) {
      return std::ranges::find_if(list, [&](const auto& o) { return o.name == name.name; }) -
             list.begin();
    };
    switch (name.kind) {
      case Kind::port:
        return in(model.ports);
      case Kind::vpc:
        return in(model.vpcs);
      case Kind::underlay:
        return in(model.underlays);
      case Kind::gateway:
        return in(model.gateways);
      case Kind::attachment:
        return in(model.attachments);
      case Kind::assertion:
        break;
    }
    return in(model.assertions);
  };
  Told told;
  for (const ObjectProblem& problem : problems) {
    std::string where = std::string(to_string(problem.object.kind)) + "s[" +
                        std::to_string(position(problem.object)) + "]";
    if (!problem.where.empty()) where += "." + problem.where;
    told.emplace_back(where, problem.message);
  }
  return sorted(told);
}

TEST(Change, is_refused_for_what_the_whole_model_would_break) {
  std::map<std::string, int> met;
  for (std::uint32_t seed = 0; seed < 400; ++seed) {
    RandomObjects random(seed);
    ValidModel model = *validate({.region = "here"});
    for (int step = 0; step < 100; ++step) {
      ModelChange next;
      Model expected = model.to_model();
      Told refused;
      for (std::size_t i = random.chance(60) ? 0 : 1 + random.below(2); i > 0; --i) {
        const ObjectName name = random.any_name();
        if (!erase(expected, name)) continue;
        next.removed.push_back(name);
      }
      for (std::size_t i = 1 + random.below(3); i > 0; --i) {
        next.put.push_back(random.any());
        std::visit(Put{expected}, next.put.back());
      }
      for (const Problem& problem : find_problems(expected)) {
        refused.emplace_back(problem.where, problem.message);
      }
      const auto changed = change(model, next);
      ASSERT_EQ(changed.has_value(), refused.empty()) << "seed " << seed << ", step " << step;
      ++met[changed ? "taken" : "refused"];
      if (!changed) {
        ASSERT_EQ(told_by(changed.error(), expected), sorted(refused))
            << "seed " << seed << ", step " << step;
        continue;
      }
      ASSERT_EQ(changed->to_model(), expected);
      model = *changed;
    }
    met["attachments"] += static_cast<int>(model.attachments().size());
    met["assertions"] += static_cast<int>(model.assertions().size());
  }
  EXPECT_GT(met["taken"], 2000);
  EXPECT_GT(met["refused"], 2000);
  EXPECT_GT(met["attachments"], 200);
  EXPECT_GT(met["assertions"], 200);
}

TEST(Change, what_is_put_as_it_is_stays_the_same) {
  Model plain{.region = "here"};
  plain.gateways = {{.name = "g", .region = "here"}};
  const ValidModel before = *validate(plain);
  const auto after = change(before, {.put = {plain.gateways[0]}});
  ASSERT_TRUE(after);
  EXPECT_EQ(before.gateways().pointers(), after->gateways().pointers());
}

TEST(Change, of_what_is_not_there) {
  const auto refused = change(*validate({.region = "here"}), {.removed = {{Kind::vpc, "vpc-a"}}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(),
            (std::vector<ObjectProblem>{
                {{Kind::vpc, "vpc-a"}, "", "no vpc 'vpc-a' exists", Rule::exists}}));
}

TEST(Change, says_where_in_the_object) {
  Vpc vpc{.name = "v", .region = "here"};
  vpc.cidrs = {*IpPrefix::parse("10.0.0.0/16")};
  vpc.route_tables = {{"main", {}, {}}};
  vpc.interface.emplace();
  vpc.interface->binding = VlanBinding{"p", 5000, {}};
  vpc.interface->addresses = {{*IpAddress::parse("10.0.0.1"), 24}};
  const auto refused = change(*validate({.region = "here"}), {.put = {Port{"p", "net_tap0"}, vpc}});
  ASSERT_FALSE(refused);
  ASSERT_EQ(refused.error().size(), 1U);
  EXPECT_EQ(refused.error()[0].object, (ObjectName{Kind::vpc, "v"}));
  EXPECT_EQ(refused.error()[0].where, "interface.vlan.id");
}

// What concerns a list as a whole is no object's, and there may be no object at all.
TEST(Change, more_than_there_may_be_is_refused) {
  ModelChange underlays, edges, remotes;
  for (std::size_t i = 0; i <= max_vpcs; ++i) {
    Underlay one;
    one.name = "u" + std::to_string(i);
    one.binding = PortBinding{"p"};
    underlays.put.push_back(one);
  }
  for (std::size_t i = 0; i <= max_vpcs / max_outside_interfaces; ++i) {
    Gateway one;
    one.name = "g" + std::to_string(i);
    one.interfaces.resize(max_outside_interfaces);
    edges.put.push_back(one);
  }
  VxlanBinding vxlan{1, "u", {}, DscpModel::pipe};
  for (std::uint32_t i = 0; i <= max_vteps; ++i) {
    vxlan.remotes.push_back(IpAddress::v4(0x0a000001 + i));
  }
  Vpc vpc;
  vpc.name = "v";
  vpc.interface = Interface{vxlan, {}, {}};
  remotes.put.push_back(vpc);
  for (const auto& [change_of, what] :
       {std::pair{underlays, "VPCs, underlays and outside"},
        std::pair{edges, "VPCs, underlays and outside"}, std::pair{remotes, "remote VTEPs"}}) {
    const auto refused = change(ValidModel(), change_of);
    ASSERT_FALSE(refused);
    const auto found = std::ranges::find_if(refused.error(), [what = what](const auto& problem) {
      return problem.message.find(what) != std::string::npos;
    });
    ASSERT_NE(found, refused.error().end()) << what;
    EXPECT_EQ(found->where, "") << what;
  }
}

}  // namespace
}  // namespace bgw::config
