// Requests on their way through the engine's steps, each on the thread that it may be taken on.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <variant>

#include "control/commit/background.h"
#include "control/commit/engine.h"

namespace bgw::control {

// One request after the other, for the API and for SIGHUP alike. Control thread only.
class Committer {
 public:
  // What became of a request. An exception (Background::Stopped among them) has changed nothing,
  // unless it came from `show`.
  using Outcome = std::variant<Committed, Refusal, std::exception_ptr>;
  using Done = std::function<void(const Outcome&)>;
  // What is made of a commit beside the control loop, before Done …
  using Show = std::function<void(const Committed&)>;
  // … or of the refusal of what evaluate() looked at, which may have much to say.
  using Explain = std::function<void(const Refusal&)>;
  // Makes a request beside the control loop, when it is its turn.
  using Read = std::function<tl::expected<Request, Refusal>()>;

  // Both must outlive it, and it must outlive what it has begun.
  Committer(Engine& engine, Background& background) : engine_(engine), background_(background) {}

  // Nothing to commit is a commit of the generation that runs, without changes. What is refused
  // observers of the engine are told, as they are of commits.
  void commit(Request request, Show show, Done done);
  void commit(RequestLabel label, Read read, Show show, Done done, Explain explain = {});

 private:
  struct Task;
  using TaskPointer = std::shared_ptr<Task>;
  void evaluate(const TaskPointer& task);
  void build(const TaskPointer& task);
  void finish(const TaskPointer& task, Committed committed);
  void refuse(const Task& task, const Refusal& refusal);

  Engine& engine_;
  Background& background_;
};

}  // namespace bgw::control
