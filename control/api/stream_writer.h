// Puts an answer that comes in pieces on a connection: chunked (RFC 9112 §7.1), or for HTTP/1.0 as
// it is until the connection ends.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "control/api/answer_stream.h"
#include "control/api/server.h"

namespace bgw::control {

struct StreamEnd {
  enum class Kind {
    whole,  // all of it is written
    gone,   // the client went first
    cut,    // it can't go on
  };
  Kind kind = Kind::whole;
  std::string why{};  // of a cut
};

// `Connection` is a beast stream, as of session.cpp. Control thread only.
template <typename Connection>
class StreamWriter : public std::enable_shared_from_this<StreamWriter<Connection>> {
 public:
  using Header = boost::beast::http::response<boost::beast::http::empty_body>;
  using Done = std::function<void(const StreamEnd&)>;

  // `owner` is who has the first two: operations on the connection must find it there to their
  // ends.
  StreamWriter(Connection& to, const ApiServer::Limits& limits, std::shared_ptr<const void> owner,
               std::shared_ptr<AnswerStream> from)
      : to_(to), limits_(limits), owner_(std::move(owner)), from_(std::move(from)) {}

  // `done` is called once, when all is written or nothing more will be.
  void write(Header header, Done done) {
    done_ = std::move(done);
    header_ = std::move(header);
    is_chunked_ = header_.version() >= 11;
    header_.chunked(is_chunked_);
    end_ = std::chrono::steady_clock::now() + limits_.streamed;
    // Timeouts are for what is begun after they are set: none for the watch.
    lowest().expires_never();
    if (from_->is_endless()) watch();
    lowest().expires_after(limits_.idle);
    serializer_.emplace(header_);
    boost::beast::http::async_write_header(
        to_, *serializer_, [self = self()](Error error, std::size_t) { self->written(error); });
  }

 private:
  using Error = boost::beast::error_code;
  std::shared_ptr<StreamWriter> self() { return this->shared_from_this(); }
  auto& lowest() { return boost::beast::get_lowest_layer(to_); }

  // A client of an endless answer has nothing more to say: whatever comes, or its end, is the end.
  void watch() {
    to_.async_read_some(boost::asio::buffer(said_), [self = self()](Error error, std::size_t) {
      self->end(error ? StreamEnd{StreamEnd::Kind::gone}
                      : StreamEnd{StreamEnd::Kind::cut, "its client sends something else"});
    });
  }

  void written(Error error) {
    if (error == boost::beast::error::timeout) {
      return end({StreamEnd::Kind::cut,
                  fmt::format("its client took nothing for {} s", limits_.idle.count())});
    }
    if (error) return end({StreamEnd::Kind::gone});
    is_last_ ? end({}) : pull();
  }

  void pull() {
    if (!done_) return;
    if (!from_->is_endless() && std::chrono::steady_clock::now() > end_) {
      return end({StreamEnd::Kind::cut,
                  fmt::format("its client takes longer than {} s", limits_.streamed.count())});
    }
    from_->next([self = self()](tl::expected<AnswerPiece, std::string> piece) {
      self->take(std::move(piece));
    });
  }

  void take(tl::expected<AnswerPiece, std::string> piece) {
    if (!done_) return;
    if (!piece) return end({StreamEnd::Kind::cut, std::move(piece.error())});
    is_last_ = piece->is_last;
    text_ = std::move(piece->text);
    if (text_.empty() && !is_last_) return pull();  // an empty chunk would be the end
    lowest().expires_after(limits_.idle);
    boost::asio::async_write(to_, framed(),
                             [self = self()](Error error, std::size_t) { self->written(error); });
  }

  // The chunk, and behind the last one the mark of the end.
  std::array<boost::asio::const_buffer, 3> framed() {
    if (!is_chunked_) return {boost::asio::buffer(text_), {}, {}};
    size_ = text_.empty() ? "" : fmt::format("{:x}\r\n", text_.size());
    rest_ = text_.empty() ? "" : "\r\n";
    if (is_last_) rest_ += "0\r\n\r\n";
    return {boost::asio::buffer(size_), boost::asio::buffer(text_), boost::asio::buffer(rest_)};
  }

  void end(const StreamEnd& how) {
    if (!done_) return;
    const auto done = std::exchange(done_, nullptr);
    if (how.kind != StreamEnd::Kind::whole) from_->give_up();
    done(how);
  }

  Connection& to_;
  const ApiServer::Limits& limits_;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<AnswerStream> from_;
  Done done_;  // null: it has ended
  Header header_;
  std::optional<boost::beast::http::response_serializer<boost::beast::http::empty_body>>
      serializer_;
  bool is_chunked_ = true;
  bool is_last_ = false;
  std::chrono::steady_clock::time_point end_;
  std::string size_, text_, rest_;  // of what is being written
  std::array<char, 1> said_{};
};

}  // namespace bgw::control
