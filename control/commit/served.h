// From a configuration to what the slow path serves.
#pragma once

#include "config/valid_model.h"
#include "control/fib/fib_change.h"
#include "control/fib/fib_view.h"
#include "control/slow_path/slow_path_settings.h"

namespace bgw::control {

// A configuration as it is programmed: its ports, and the indices of its names.
struct Programmed {
  const config::ValidModel& model;
  const ProgrammedPorts& ports;
  const FibView& view;
};

SlowPathSettings slow_path_settings(const Programmed& programmed);

// From one to the next, in proportion to what changes; all tunnels are looked at when those of a
// VPC change, and all of it when ports or underlays do. Pure.
SlowPathChange slow_path_change(const Programmed& before, const Programmed& after);

}  // namespace bgw::control
