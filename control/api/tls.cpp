#include "control/api/tls.h"

#include <openssl/ssl.h>

#include <fmt/format.h>

namespace bgw::control {

tl::expected<std::shared_ptr<boost::asio::ssl::context>, std::string> load_tls(
    const std::string& certificate, const std::string& key) {
  using Context = boost::asio::ssl::context;
  const auto cannot = [](const std::string& file, const boost::system::error_code& error) {
    return tl::unexpected(fmt::format("cannot use {} for TLS: {}", file, error.message()));
  };
  auto context = std::make_shared<Context>(Context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  // A stopped client is no reason to do it all again and again.
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION);
  boost::system::error_code error;
  context->use_certificate_chain_file(certificate, error);
  if (error) return cannot(certificate, error);
  context->use_private_key_file(key, Context::pem, error);
  if (error) return cannot(key, error);
  return context;
}

}  // namespace bgw::control
