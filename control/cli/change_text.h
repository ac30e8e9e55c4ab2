// Changes: what is asked for with them, and what they do, for people. Warnings go to standard
// error.
#pragma once

#include <string>
#include <vector>

#include "control/cli/command.h"

namespace bgw::cli {

// One object's or part's, on its way to the daemon.
struct Change {
  std::string verb;  // of a transaction: "create", "patch", "delete"
  std::string path;
  Json value;  // null: none
};

// What every change takes, and the query that says it to the daemon.
const std::vector<Option>& change_options();
std::string change_query(const Arguments& arguments);

// {"objects","routes","reachability"}: who reaches whom comes first.
void print_changes(const Output& output, const Json& changes);
void print_difference(const Output& output, const Json& changes);  // or that there is none
void print_warnings(const Json& answer);
// The form that whole configurations' answers have, {"objects","created","deleted","tables",…},
// too.
Json nested_changes(const Json& answer);

void print_outcome(const Json& answer);  // the generation, and how long it lasts

// The answer to a change of objects, or to its dry run.
int print_change(const Context& context, const Reply& reply);

}  // namespace bgw::cli
