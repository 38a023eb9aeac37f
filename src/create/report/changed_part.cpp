#include "create/report/changed_part.hpp"

#include <algorithm>

namespace stent::report {
namespace {

bool is_word(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u >= 0x80 || (u >= '0' && u <= '9') || (u >= 'A' && u <= 'Z') || (u >= 'a' && u <= 'z') || u == '_';
}

}  // namespace

ChangedPart changed_part(std::string_view line, std::string_view other) {
  const std::size_t shorter = std::min(line.size(), other.size());
  std::size_t head = 0, tail = 0;
  while (head < shorter && line[head] == other[head]) ++head;
  while (head > 0 && head < line.size() && is_word(line[head - 1]) && is_word(line[head])) --head;
  while (head > 0 && head < other.size() && is_word(other[head - 1]) && is_word(other[head])) --head;
  while (tail < shorter - head && line[line.size() - 1 - tail] == other[other.size() - 1 - tail]) ++tail;
  const auto cuts_word = [&](std::string_view text) {
    const std::size_t at = text.size() - tail;
    return at > 0 && at < text.size() && is_word(text[at - 1]) && is_word(text[at]);
  };
  while (tail > 0 && (cuts_word(line) || cuts_word(other))) --tail;
  return {line.substr(0, head), line.substr(head, line.size() - head - tail),
          line.substr(line.size() - tail)};
}

}  // namespace stent::report
