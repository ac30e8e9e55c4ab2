// Models as records: which objects a store holds, and how a change of the model changes them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "config/valid_model.h"
#include "control/store/store.h"

namespace bgw::control {

// An object is one record, with its value as JSON; the model's own keys are the record "model". The
// static routes of a gateway, of which there may be a million, are records of their own, some 256
// routes in each. Where one ends and the next begins follows from the routes themselves, so that a
// route more or less changes one record.
//
// A book knows the places of the records of one model. A value; any thread.
class RecordBook {
 public:
  // Adds to `changes` what leads from `before`, whose book this is, to `after`, and returns the
  // book of `after`. Of objects that both share nothing but the place is looked at.
  RecordBook add_changes(const config::ValidModel& before, const config::ValidModel& after,
                         GenerationChanges& changes) const;

 private:
  struct Part {
    std::string name;  // of its first route: the prefix
    std::uint64_t place = 0;
  };
  using Parts = std::shared_ptr<const std::vector<Part>>;
  friend class RecordReader;
  friend class RecordChanges;

  // By kind: of each object, in the order of the model.
  std::map<std::string, std::vector<std::uint64_t>> places_;
  std::map<std::string, Parts> parts_;  // of gateways that have any
};

struct ModelOfRecords {
  config::ValidModel model;
  RecordBook book;
};

// The reverse; `records` in the order of a Snapshot. The error says which record can't be read, or
// what is wrong with the model: it was written by another version, or not by bgwd.
tl::expected<ModelOfRecords, std::string> read_model(const std::vector<Record>& records);

}  // namespace bgw::control
