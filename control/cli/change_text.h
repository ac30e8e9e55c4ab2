// What a change does, for people; warnings go to standard error.
#pragma once

#include "control/cli/command.h"

namespace bgw::cli {

// {"objects","created","deleted","tables","not_compared"}, as diff and commit have them.
void print_changes(const Json& changes);
void print_difference(const Json& changes);  // or that there is none
void print_warnings(const Json& answer);
// {"objects","routes":{…}} in that form.
Json flat_changes(const Json& changes);

// The answer to a change of objects, or to its dry run.
int print_change(const Context& context, const Reply& reply);

}  // namespace bgw::cli
