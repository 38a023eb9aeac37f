#include "cli/readable.hpp"

#include <cxxabi.h>

#include <cctype>
#include <cstdlib>
#include <memory>

namespace stent::cli {
namespace {

bool may_be_in_a_symbol(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || c == '.';
}

std::string demangled(const std::string& symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 && name ? name.get() : symbol;
}

}  // namespace

std::string readable(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const bool continues = at > 0 && (may_be_in_a_symbol(text[at - 1]) || text[at - 1] == ':');
    if (continues || text.compare(at, 2, "_Z") != 0) {
      out += text[at++];
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && may_be_in_a_symbol(text[end])) ++end;
    while (text[end - 1] == '.') --end;  // the end of a sentence
    out += demangled(text.substr(at, end - at));
    at = end;
  }
  return out;
}

std::string both_names(const std::string& name) {
  const std::string plain = readable(name);
  return plain == name ? name : plain + " [" + name + "]";
}

}  // namespace stent::cli
