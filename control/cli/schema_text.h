// The configuration's schema, built in.
#pragma once

namespace bgw::cli {

extern const char* const schema_text;

}  // namespace bgw::cli
