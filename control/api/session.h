// Connections: each reads a request, hands it over, writes the answer, and again.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>

#include "control/access/role.h"
#include "control/api/admission.h"
#include "control/api/connection_book.h"
#include "control/api/peer.h"
#include "control/api/request_log.h"
#include "control/api/server.h"

namespace bgw::control {

// What all connections of a server share.
struct Sessions {
  explicit Sessions(ApiServer::Limits the_limits)
      : limits(std::move(the_limits)), admission(limits) {}

  const ApiServer::Limits limits;
  ApiHandler handler;
  ConnectionBook book;
  RequestLog log;
  Admission admission;
};

// A connection serves until its peer goes, or is slow, or has to give way. Control thread only.
void start_session(boost::asio::local::stream_protocol::socket socket, Peer peer, Role role,
                   std::shared_ptr<Sessions> sessions);
// Whose requests each bring a token; with TLS if there is a context for it.
void start_session(boost::asio::ip::tcp::socket socket, Peer peer,
                   std::shared_ptr<boost::asio::ssl::context> tls,
                   std::shared_ptr<Sessions> sessions);

}  // namespace bgw::control
