// Times as everything that people and programs read has them.
#pragma once

#include <chrono>
#include <string>

namespace bgw::control {

// RFC 3339, in UTC: "2026-01-02T03:04:05.678Z".
std::string text_of(std::chrono::sys_time<std::chrono::milliseconds> time);

}  // namespace bgw::control
