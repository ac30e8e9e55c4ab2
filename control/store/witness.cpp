#include "control/store/witness.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>

#include <fmt/format.h>

#include "control/store/row_digest.h"

namespace bgw::control {
namespace {

// Always of the same length, so that it is written over and never grows.
std::string line(std::uint64_t generation) {
  const auto number = static_cast<std::int64_t>(generation);
  return fmt::format("acknowledged {:20} {:016x}\n", generation, RowDigest{}.add(number).value());
}

}  // namespace

std::uint64_t Witness::remembered() const {
  std::ifstream stream(file_, std::ios::binary);
  std::string word;
  std::uint64_t generation = 0;
  if (!(stream >> word >> generation)) return 0;
  stream.clear();
  stream.seekg(0);
  const std::string whole{std::istreambuf_iterator<char>(stream), {}};
  return whole == line(generation) ? generation : 0;
}

void Witness::remember(std::uint64_t generation) const {
  if (file_.empty()) return;
  const int descriptor = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0) return;
  const auto text = line(generation);
  [[maybe_unused]] const auto written = ::pwrite(descriptor, text.data(), text.size(), 0);
  ::close(descriptor);
}

}  // namespace bgw::control
