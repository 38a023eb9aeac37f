#include "create/diff/scoped_name.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace stent::diff {
namespace {

std::optional<std::string> demangled(const std::string& mangled) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status), &std::free);
  if (status != 0 || text == nullptr) return {};
  return std::string(text.get());
}

std::string without_arguments(const std::string& text) {
  std::string result;
  int depth = 0;
  for (const char c : text) {
    if (c == '(') ++depth;
    if (depth == 0) result += c;
    if (c == ')') --depth;
  }
  return result;
}

/// "{lambda(int)#2}" -> "{lambda(int)}", and clang's "$_2" -> "$_".
std::string without_counts(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (result.ends_with("$_") && text[i] >= '0' && text[i] <= '9') continue;
    if (text[i] == '#') {
      const std::size_t end = text.find_first_not_of("0123456789", i + 1);
      if (end != i + 1 && end != std::string::npos && text[end] == '}') {
        i = end - 1;
        continue;
      }
    }
    result += text[i];
  }
  return result;
}

bool may_name_lambda(const std::string& mangled) {
  return mangled.find("Ul") != std::string::npos || mangled.find("$_") != std::string::npos;
}

}  // namespace

std::string without_suffix(const std::string& mangled) { return mangled.substr(0, mangled.find('.')); }

std::optional<std::string> static_local_name(const std::string& mangled) {
  if (!mangled.starts_with("_ZZ") && !mangled.starts_with("_ZGVZ")) return {};
  const auto text = demangled(without_suffix(mangled));
  if (!text) return {};
  return without_counts(without_arguments(*text));
}

std::optional<std::string> lambda_name(const std::string& mangled) {
  if (!mangled.starts_with("_Z") || !may_name_lambda(mangled)) return {};
  const auto text = demangled(without_suffix(mangled));
  if (!text || (text->find("{lambda(") == std::string::npos && text->find("$_") == std::string::npos))
    return {};
  return without_counts(*text);
}

std::optional<std::string> guarded_name(const std::string& mangled) {
  if (!mangled.starts_with("_ZGV")) return {};
  return "_Z" + mangled.substr(4);
}

}  // namespace stent::diff
