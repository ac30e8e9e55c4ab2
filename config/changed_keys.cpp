#include "config/changed_keys.h"

#include "config/language.h"

namespace bgw::config {
namespace {

template <typename Field, typename T>
std::string_view key_of(const Field& field, const T&) {
  return field.key;
}
// Of keys that exclude each other the one that is written.
template <typename Member, typename... Alternatives, typename T>
std::string_view key_of(const OneOf<Member, Alternatives...>& field, const T& object) {
  return field.keys()[std::invoke(field.member, object).index()];
}

}  // namespace

template <typename T>
std::vector<std::string> changed_keys(const T& a, const T& b) {
  std::vector<std::string> keys;
  for_each_field(description<T>, [&](const auto& field) {
    if (std::invoke(field.member, a) != std::invoke(field.member, b)) {
      keys.emplace_back(key_of(field, b));
    }
  });
  return keys;
}

template std::vector<std::string> changed_keys(const Port&, const Port&);
template std::vector<std::string> changed_keys(const Vpc&, const Vpc&);
template std::vector<std::string> changed_keys(const Underlay&, const Underlay&);
template std::vector<std::string> changed_keys(const Gateway&, const Gateway&);
template std::vector<std::string> changed_keys(const Attachment&, const Attachment&);
template std::vector<std::string> changed_keys(const Assertion&, const Assertion&);

}  // namespace bgw::config
