// systemd's journal, where lines can have fields.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/api/request_log.h"

namespace bgw::control {

// The journal's own protocol, a datagram for each entry (systemd.io/JOURNAL_NATIVE_PROTOCOL), which
// never waits: libsystemd's sd_journal_sendv() does, for a journal that is stopped or busy.
class Journal {
 public:
  using Field = std::pair<std::string_view, std::string>;

  explicit Journal(const std::string& socket = "/run/systemd/journal/socket");
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // False: it didn't take it.
  bool send(const std::vector<Field>& fields) const;

  // Whether the journal reads what this process writes to that descriptor ($JOURNAL_STREAM).
  static bool reads(int descriptor);

 private:
  int socket_ = -1;
};

// Sends records with fields BGW_PRINCIPAL, BGW_ROLE, BGW_REQUEST, BGW_STATUS, BGW_OUTCOME,
// BGW_GENERATION, BGW_FORCED and BGW_REASON; to the log what the journal doesn't take.
AuditSink audit_to(std::shared_ptr<const Journal> journal);

}  // namespace bgw::control
