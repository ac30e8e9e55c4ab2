// views
// What somebody may see of a model.
#pragma once

#include <string_view>

#include "config/valid_model.h"

namespace bgw::config {

// What an account has: its VPCs, gateways and attachments, beside all ports and underlays; no
// assertion. Keeps the rules, as nothing of one account refers to another's: an attachment joins
// two of the same, and nothing leads to a gateway without an attachment. All shared with `model`.
// Pure; any thread.
ValidModel of_account(const ValidModel& model, std::string_view account);

// For showing only, no longer to be changed or computed with: without ports, underlays and
// interfaces …
ValidModel without_wires(const ValidModel& model);
// … or with every device spelt `text`.
ValidModel with_devices_as(const ValidModel& model, std::string_view text);

}  // namespace bgw::config
