// Records with fields, as systemd's journal reads them.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>

#include <gmock/gmock.h>

#include "control/daemon/journal.h"
#include "log_lines.h"
#include "temp_dir.h"

namespace bgw::test {
namespace {

using control::Journal;
using testing::HasSubstr;

// Stands for the journal.
class FakeJournal {
 public:
  explicit FakeJournal(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~FakeJournal() { ::close(socket_); }
  FakeJournal(const FakeJournal&) = delete;
  FakeJournal& operator=(const FakeJournal&) = delete;
  std::string next() {
    char entry[65536];
    const auto got = ::recv(socket_, entry, sizeof entry, MSG_DONTWAIT);
    return {entry, got > 0 ? static_cast<std::size_t>(got) : 0};
  }

 private:
  int socket_;
};

const control::Answered change{{4711, 0}, "PUT /v1/gateways/g", 201, "", "anna", "operator", 7};

TEST(Journal, RecordsHaveFields) {
  const TempDir dir;
  FakeJournal fake(dir.file("journal"));
  const auto sink = control::audit_to(std::make_shared<const Journal>(dir.file("journal")));
  sink({change, "API: done"});
  EXPECT_EQ(fake.next(),
            "MESSAGE=API: done\nPRIORITY=6\nSYSLOG_IDENTIFIER=bgwd\nBGW_PRINCIPAL=anna\n"
            "BGW_ROLE=operator\nBGW_REQUEST=PUT /v1/gateways/g\nBGW_STATUS=201\n"
            "BGW_OUTCOME=changed\nBGW_GENERATION=7\n");
  sink({{{4711, 0}, "PUT /x", 403, "no\nno"}, "a line", true});
  const auto refusal = fake.next();
  EXPECT_THAT(refusal, HasSubstr("BGW_PRINCIPAL=process 4711 of user 0\nBGW_ROLE=none\n"));
  EXPECT_THAT(refusal, HasSubstr("BGW_OUTCOME=refused\n"));
  EXPECT_THAT(refusal, HasSubstr(std::string("BGW_REASON\n\5\0\0\0\0\0\0\0no\nno\n", 25)));
}

TEST(Journal, WhatItDoesNotTakeIsInTheLog) {
  const TempDir dir;
  const LogLines log;
  control::audit_to(std::make_shared<const Journal>(dir.file("none")))({change, "a change"});
  EXPECT_EQ(log.count("info: a change"), 1);
  // Nobody reads: it is not waited for, whatever the socket has room for.
  const FakeJournal fake(dir.file("journal"));
  const auto sink = control::audit_to(std::make_shared<const Journal>(dir.file("journal")));
  for (int i = 0; i < 5000; ++i) sink({change, "one of many"});
  EXPECT_GT(log.count("one of many"), 0);
}

TEST(Journal, KnowsWhetherItReadsADescriptor) {
  ::unsetenv("JOURNAL_STREAM");
  EXPECT_FALSE(Journal::reads(STDERR_FILENO));
  ::setenv("JOURNAL_STREAM", "1:2", 1);
  EXPECT_FALSE(Journal::reads(STDERR_FILENO));
  ::unsetenv("JOURNAL_STREAM");
}

}  // namespace
}  // namespace bgw::test
