// Answers that come in pieces: what is too long to be held at once, and what never ends.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <tl/expected.hpp>

namespace bgw::control {

struct AnswerPiece {
  std::string text;
  bool is_last = false;
};

// A session asks for a piece, writes it, and when the socket has taken all of it asks for the next:
// of each answer one piece is in memory, however slowly its client reads. Control thread only.
class AnswerStream {
 public:
  // The error, one line, ends the answer in its middle: the connection is closed without HTTP's
  // mark of an end, as there is no status to send any more.
  using Take = std::function<void(tl::expected<AnswerPiece, std::string>)>;

  virtual ~AnswerStream() = default;
  // Calls `take` once, now or later. One at a time; none after the last one or an error.
  virtual void next(Take take) = 0;
  // The client has gone: `take` is not called any more, and what it holds is let go.
  virtual void give_up() = 0;
  // It may go on for ever: the connection is watched for its client going, and closed at the end.
  virtual bool is_endless() const { return false; }
};

}  // namespace bgw::control
