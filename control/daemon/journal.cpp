#include "control/daemon/journal.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

namespace bgw::control {
namespace {

// A value with line ends has its length before it, 64 bits, little end first.
void append(std::string& entry, const Journal::Field& field) {
  const auto& [name, value] = field;
  entry += name;
  if (value.find('\n') == std::string::npos) {
    entry += '=';
  } else {
    entry += '\n';
    for (int shift = 0; shift < 64; shift += 8) {
      entry += static_cast<char>(static_cast<std::uint64_t>(value.size()) >> shift & 0xff);
    }
  }
  entry += value;
  entry += '\n';
}

std::vector<Journal::Field> fields_of(const AuditRecord& record) {
  const auto& answer = record.answer;
  const auto client =
      answer.principal.empty() ? to_string(answer.peer) : std::string(answer.principal);
  std::vector<Journal::Field> fields{{"MESSAGE", record.line},
                                     {"PRIORITY", record.is_warning ? "4" : "6"},
                                     {"SYSLOG_IDENTIFIER", "bgwd"},
                                     {"BGW_PRINCIPAL", client},
                                     {"BGW_ROLE", answer.role.empty() ? "none" : answer.role},
                                     {"BGW_REQUEST", std::string(answer.request)},
                                     {"BGW_STATUS", fmt::format("{}", answer.status)},
                                     {"BGW_OUTCOME", answer.generation ? "changed" : "refused"}};
  if (answer.generation) {
    fields.emplace_back("BGW_GENERATION", fmt::format("{}", *answer.generation));
  }
  if (!answer.forced.empty()) fields.emplace_back("BGW_FORCED", answer.forced);
  if (answer.status >= 400) fields.emplace_back("BGW_REASON", std::string(answer.note));
  return fields;
}

}  // namespace

Journal::Journal(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, socket.c_str(), socket.size() + 1);
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ < 0) return;
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
  ::close(socket_);
  socket_ = -1;
}

Journal::~Journal() {
  if (socket_ >= 0) ::close(socket_);
}

bool Journal::send(const std::vector<Field>& fields) const {
  std::string entry;
  for (const auto& field : fields) append(entry, field);
  return socket_ >= 0 && ::send(socket_, entry.data(), entry.size(), MSG_NOSIGNAL) ==
                             static_cast<ssize_t>(entry.size());
}

bool Journal::reads(int descriptor) {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  return stream != nullptr && ::fstat(descriptor, &status) == 0 &&
         fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

AuditSink audit_to(std::shared_ptr<const Journal> journal) {
  return [journal = std::move(journal)](const AuditRecord& record) {
    if (!journal->send(fields_of(record))) log_audit(record);
  };
}

}  // namespace bgw::control
