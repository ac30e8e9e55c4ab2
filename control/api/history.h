// Generations: what was committed when and by whom, how two of them differ, and the way back.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "control/api/change_request.h"
#include "control/api/lines.h"
#include "control/api/server.h"
#include "control/store/model_store.h"

namespace bgw::control {

// Newest first, `?limit=` of them, without which a page has 100, `?before=` one. Reads the disk, as
// all here; any thread. `models` must outlive them.
tl::expected<Lines, ApiResponse> generation_lines(const ModelStore& models,
                                                  const ApiRequest& request, Extent extent);
// `rest`: "7", "7/config" its configuration as canonical YAML, "7/diff?to=9" how 9 differs from 7
// (or the newest one does).
ApiResponse show_generation(const ModelStore& models, const ApiRequest& request,
                            const std::string& rest);

// {"generation","time","principal","comment","summary"}, and "forced" where assertions were. Any
// thread.
nlohmann::ordered_json to_json(const GenerationInfo& info);

// POST of "7/restore": the configuration of generation 7 as a new generation. Routes that come
// back have arrived anew (control/ROUTES.md G2). `models` must outlive it. The error is the answer.
tl::expected<std::shared_ptr<ChangeRequest>, ApiResponse> restore_generation(
    const ModelStore& models, const ApiRequest& request, const std::string& rest);

// POST /v1/confirm: what waits for confirmation (store/confirmation.h) stays. ?generation=N: only
// if that one does.
tl::expected<std::shared_ptr<ChangeRequest>, ApiResponse> confirm_generation(ApiRequest request);

}  // namespace bgw::control
