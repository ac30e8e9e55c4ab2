#include "config/yaml_writer.h"

#include <concepts>
#include <utility>

#include "config/json_values.h"
#include "config/yaml_scalar.h"

namespace bgw::config {
namespace {

constexpr std::size_t widest_list = 100;  // in one line, in bytes

// Lists and maps in brackets and braces.
void append_flow(std::string& out, const Json& json) {
  if (json.is_string()) {
    out += yaml_scalar(json.get_ref<const std::string&>());
  } else if (!json.is_structured()) {
    out += json.dump();
  } else {
    out += json.is_array() ? '[' : '{';
    const char* separator = "";
    for (const auto& [key, value] : json.items()) {
      out += std::exchange(separator, ", ");
      if (json.is_object()) out.append(key).append(": ");
      append_flow(out, value);
    }
    out += json.is_array() ? ']' : '}';
  }
}

std::string flow(const Json& json) {
  std::string out;
  append_flow(out, json);
  return out;
}

// The lists of a document have a blank line before them.
template <typename T, typename Type>
constexpr bool is_section(const Type&) {
  return false;
}
template <std::same_as<Model> T, typename Item>
constexpr bool is_section(const type::List<Item>&) {
  return true;
}

class Writer {
 public:
  explicit Writer(Writing writing) : writing_(std::move(writing)) {}

  // As lines that begin in the column `indent`, where the first begins already.
  template <typename T>
  void write_object(const T& object, std::size_t indent) {
    if (description<T>.layout == Layout::braces) {
      out_ += flow(json_object(writing_, object)) + '\n';
      return;
    }
    bool is_first = true;
    for_each_written(writing_, object,
                     [&](std::string_view key, const auto& type, const auto& value) {
                       if (!std::exchange(is_first, false)) out_.append(indent, ' ');
                       if (is_section<T>(type)) out_ += '\n';
                       out_.append(key) += ':';
                       write_value(type, value, indent);
                     });
  }

  std::string take() { return std::move(out_); }

 private:
  // Behind "key:" of an object in the column `indent`.
  template <typename Type, typename T>
  void write_value(const Type& type, const T& value, std::size_t) {
    out_ += ' ' + flow(json_value(writing_, type, value)) + '\n';
  }
  template <typename T>
  void write_value(type::Object<T> type, const T& object, std::size_t indent) {
    if (description<T>.layout == Layout::braces) {
      out_ += ' ' + flow(json_value(writing_, type, object)) + '\n';
      return;
    }
    out_ += '\n';
    out_.append(indent + 2, ' ');
    write_object(object, indent + 2);
  }
  template <typename Item, typename T>
  void write_value(const type::List<Item>& type, const std::vector<T>& list, std::size_t indent) {
    const Json json = json_value(writing_, type, list);
    const std::string line = flow(json);
    if (line.size() <= widest_list) {
      out_ += ' ' + line + '\n';
    } else {
      write_items(json, indent, [&](const Json& item) { out_ += flow(item) + '\n'; });
    }
  }
  template <typename T>
  void write_value(const type::List<type::Object<T>>&, const std::vector<T>& list,
                   std::size_t indent) {
    write_objects(list, indent);
  }
  void write_value(const type::RouteTables&, const std::vector<RouteTable>& tables,
                   std::size_t indent) {
    write_objects(written_tables(writing_, tables), indent);
  }

  template <typename Objects>
  void write_objects(const Objects& objects, std::size_t indent) {
    write_items(objects, indent, [&](const auto& object) { write_object(object, indent + 4); });
  }
  template <typename Items, typename Write>
  void write_items(const Items& items, std::size_t indent, Write write) {
    if (items.empty()) {
      out_ += " []\n";
      return;
    }
    out_ += '\n';
    for (const auto& item : items) {
      out_.append(indent + 2, ' ') += "- ";
      write(item);
    }
  }

  Writing writing_;
  std::string out_;
};

}  // namespace

std::string write_yaml(const Model& model) {
  Writer writer({model.region});
  writer.write_object(model, 0);
  return writer.take();
}

template <typename T>
std::string write_object(const T& object, const std::string& host_region) {
  Writer writer({host_region});
  writer.write_object(object, 0);
  return writer.take();
}

template std::string write_object(const Port&, const std::string&);
template std::string write_object(const Vpc&, const std::string&);
template std::string write_object(const Underlay&, const std::string&);
template std::string write_object(const Gateway&, const std::string&);
template std::string write_object(const Attachment&, const std::string&);
template std::string write_object(const Assertion&, const std::string&);

}  // namespace bgw::config
