#include "create/compile/recorded_unit.hpp"

namespace stent::compile {

std::vector<std::string> command_of(const RecordedUnit& unit, const std::vector<std::string>& actions) {
  auto words = unit.arguments;
  words.insert(words.end(), actions.begin(), actions.end());
  words.push_back(unit.source_argument);
  return words;
}

std::string show_command(const std::vector<std::string>& words) {
  static constexpr auto plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%^";
  std::string out;
  for (const auto& word : words) {
    if (!out.empty()) out += ' ';
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) {
      out += word;
      continue;
    }
    out += '\'';
    for (const char c : word) c == '\'' ? out += "'\\''" : out += c;
    out += '\'';
  }
  return out;
}

}  // namespace stent::compile
