#include "control/commit/committer.h"

#include <optional>
#include <utility>

#include <spdlog/spdlog.h>

namespace bgw::control {

// A request, and how far it has come.
struct Committer::Task {
  RequestLabel label;
  Read read;
  Show show;
  Done done;
  Explain explain;
  std::optional<Candidate> candidate{};
  std::optional<Refusal> refusal{};
};

void Committer::commit(Request request, Show show, Done done) {
  auto label = label_of(request);
  commit(
      std::move(label), [request = std::move(request)]() mutable { return std::move(request); },
      std::move(show), std::move(done));
}

void Committer::commit(RequestLabel label, Read read, Show show, Done done, Explain explain) {
  evaluate(std::make_shared<Task>(Task{std::move(label), std::move(read), std::move(show),
                                       std::move(done), std::move(explain)}));
}

void Committer::evaluate(const TaskPointer& task) {
  background_.run(
      [&engine = engine_, task] {
        auto candidate = task->read().and_then(
            [&](Request request) { return engine.evaluate(std::move(request)); });
        if (candidate) {
          task->candidate.emplace(std::move(*candidate));
        } else {
          task->refusal.emplace(std::move(candidate.error()));
          if (task->explain) task->explain(*task->refusal);
        }
      },
      [this, task](std::exception_ptr failed) {
        if (failed) return task->done(failed);
        if (task->refusal) return refuse(*task, *task->refusal);
        if (!task->candidate->is_same()) return build(task);
        finish(task, Committed{engine_.running().generation, {}, {}});
      });
}

void Committer::build(const TaskPointer& task) {
  if (engine_.needs_ports(task->candidate->model)) {
    spdlog::info("opening devices; neighbours and the API wait meanwhile");
    if (auto opened = engine_.open_ports(task->candidate->model); !opened) {
      return refuse(*task, opened.error());
    }
  }
  background_.run_next(
      [&engine = engine_, task] {
        if (auto built = engine.build(std::move(*task->candidate)); !built) {
          task->refusal.emplace(std::move(built.error()));
        }
      },
      [this, task](std::exception_ptr failed) {
        if (!failed && !task->refusal) return finish(task, engine_.publish());
        engine_.cancel();
        if (failed) return task->done(failed);
        refuse(*task, *task->refusal);
      });
}

void Committer::finish(const TaskPointer& task, Committed committed) {
  auto shown = std::make_shared<const Committed>(std::move(committed));
  background_.run_next(
      [&engine = engine_, task, shown] {
        engine.reclaim();
        if (task->show) task->show(*shown);
      },
      [task, shown](std::exception_ptr failed) {
        failed ? task->done(failed) : task->done(*shown);
      });
}

void Committer::refuse(const Task& task, const Refusal& refusal) {
  engine_.refused(task.label, refusal);
  task.done(refusal);
}

}  // namespace bgw::control
