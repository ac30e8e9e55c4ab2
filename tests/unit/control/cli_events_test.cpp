// Server-sent events as bgwctl reads and prints them.
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "control/cli/event_text.h"

namespace bgw::test {
namespace {

using cli::EventReader;
using cli::Json;
using cli::ServerEvent;
using cli::what_happened;

TEST(CliEvents, AreReadHoweverTheStreamIsCut) {
  const std::string stream =
      "retry: 2000\nid: 1-7-0\n\n:\n\n"
      "id: 2-7-1\nevent: commit\ndata: {\"generation\":2}\n\n"
      ":\n\nevent: stop\ndata: {\"time\":\"x: y\"}\n\nid: 3";
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    EventReader reader;
    std::vector<ServerEvent> events;
    std::vector<std::string> ids;
    for (std::size_t at = 0; at < stream.size(); at += size) {
      for (auto& event : reader.read(stream.substr(at, size))) events.push_back(std::move(event));
      ids.push_back(reader.last_id());
    }
    ASSERT_EQ(events.size(), 2u) << size;
    EXPECT_EQ(events[0].id, "2-7-1");
    EXPECT_EQ(events[0].type, "commit");
    EXPECT_EQ(events[0].data["generation"], 2);
    EXPECT_EQ(events[1].id, "");
    EXPECT_EQ(events[1].type, "stop");
    EXPECT_EQ(events[1].data["time"], "x: y");
    EXPECT_EQ(ids.back(), "2-7-1") << "what is not there to its end is not there";
  }
}

TEST(CliEvents, SayWhatHappened) {
  const auto said = [](const std::string& type, const char* data) {
    return what_happened({"", type, Json::parse(data)});
  };
  EXPECT_EQ(said("commit",
                 R"({"generation":5,"principal":"anna","summary":"1 added, 0 changed, 0 removed",
                "comment":"why not","reachability":{"gained":2,"lost":0,"narrowed":1,"widened":0}})"),
            "generation 5 of anna: 1 added, 0 changed, 0 removed; pairs of VPCs: 2 gained, 1 "
            "narrowed — why not");
  EXPECT_EQ(said("commit", R"({"generation":6,"principal":"a","summary":"s",
                "broken_assertions":["apart","joined"]})"),
            "generation 6 of a: s; assertions that don't hold: apart, joined");
  EXPECT_EQ(said("commit", R"({"objects":[{"kind":"vpc","name":"blue.a","change":"added"}]})"),
            "vpc blue.a added");
  EXPECT_EQ(said("link", R"({"port":"p-a","up":false,"reason":"no cable","more_interfaces":3,
                "interfaces":[{"vpc":"a"},{"underlay":"u"}]})"),
            "port p-a is down (a, u and 3 more): no cable");
  EXPECT_EQ(said("confirm", R"({"state":"rolled back","generation":4,"back_to":3})"),
            "generation 4 was not confirmed: generation 3 is back");
  EXPECT_EQ(said("from the future", R"({"x":"\u001b[2J"})"), R"({"x":"\u001b[2J"})");
  EXPECT_EQ(said("refused", R"({"what":"objects","principal":"eve","reason":"\u001b[2Jno"})"),
            R"(objects of eve: \x1b[2Jno)");
}

}  // namespace
}  // namespace bgw::test
