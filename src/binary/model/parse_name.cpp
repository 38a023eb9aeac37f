#include <algorithm>
#include <array>
#include <string_view>

#include "binary/model/object.hpp"

namespace stent::model {

namespace {

constexpr std::array<std::string_view, 8> kinds{"cold",     "constprop", "isra",   "part",
                                                "lto_priv", "llvm",      "__part", "resolver"};

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 20 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

ParsedName parse_name(const std::string& name) {
  ParsedName parsed;
  std::string_view rest = name;
  // Suffixes are taken off from the right: ".cold", ".kind", ".kind.NUMBER", ".NUMBER".
  while (true) {
    const std::size_t dot = rest.rfind('.');
    if (dot == std::string_view::npos || dot == 0) break;
    const std::string_view last = rest.substr(dot + 1);
    if (std::find(kinds.begin(), kinds.end(), last) != kinds.end()) {
      parsed.kind = parsed.kind.empty() ? std::string(last) : std::string(last) + "." + parsed.kind;
      rest = rest.substr(0, dot);
      continue;
    }
    if (!is_number(last)) break;
    // clang's ".llvm.NUMBER" is a hash of 64 bits; like every ordinal it identifies nothing.
    if (!parsed.ordinal) parsed.ordinal = static_cast<unsigned>(std::stoull(std::string(last.substr(0, 18))));
    rest = rest.substr(0, dot);
  }
  parsed.base = rest;
  return parsed;
}

}  // namespace stent::model
