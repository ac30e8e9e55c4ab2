// config_docs [--write] DIR: are the tables of DIR/README.md and DIR/schema.json what language.h
// says? With --write they become so.
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>

#include "config/reference.h"

namespace {

std::string read(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw std::runtime_error("can't read " + path);
  return text.str();
}

// Whether the file says so already, or does now.
bool settle(const std::string& path, const std::string& text, bool write) {
  if (read(path) == text) return true;
  if (write && std::ofstream(path) << text << std::flush) return true;
  std::cerr << path << (write ? ": can't be written\n" : ": is not what config/language.h says\n");
  return false;
}

}  // namespace

int main(int argc, char** argv) try {
  const bool write = argc == 3 && std::string_view(argv[1]) == "--write";
  if (argc != 2 && !write) {
    std::cerr << "usage: config_docs [--write] DIR\n";
    return 2;
  }
  const std::string directory = argv[argc - 1];
  const std::string readme = directory + "/README.md";
  const bool tables = settle(readme, bgw::config::with_tables(read(readme)), write);
  const bool schema = settle(directory + "/schema.json", bgw::config::schema_text(), write);
  if (tables && schema) return 0;
  if (!write) std::cerr << "run " << argv[0] << " --write " << directory << '\n';
  return 1;
} catch (const std::exception& error) {
  std::cerr << "config_docs: " << error.what() << '\n';
  return 2;
}
