// TLS of the API's listeners.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>
#include <tl/expected.hpp>

namespace bgw::control {

// Of a certificate with its chain, and its key, both PEM: TLS 1.2 and later. The error, one line,
// names the file.
tl::expected<std::shared_ptr<boost::asio::ssl::context>, std::string> load_tls(
    const std::string& certificate, const std::string& key);

}  // namespace bgw::control
