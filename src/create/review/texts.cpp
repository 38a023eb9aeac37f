#include "create/review/texts.hpp"

#include "create/review/names.hpp"

namespace stent::review {

namespace {

std::string meaning_of(const std::string& text) {
  if (text.starts_with("&\"")) return "(literal)";
  if (!text.ends_with("()") || text.find(' ') != std::string::npos) return text;
  const std::string plain = plain_name(text.substr(0, text.size() - 2));
  static const std::set<std::string> numbers = {"atoi",    "atol",    "atoll",   "strtol",
                                                "strtoul", "strtoll", "strtoull"};
  if (numbers.contains(plain)) return "(number)";
  static const std::set<std::string> copies = {"memcpy",  "memmove", "memset",  "strcpy",
                                               "strncpy", "strcat",  "mempcpy", "stpcpy"};
  if (copies.contains(plain)) return "(copy)";  // what they return is their argument
  return is_allocator(plain) || plain.find("dup") != std::string::npos ? "(new object)" : text;
}

/// "(p1 + {31}|p2)" -> "(p1 + p2)": limits left out.
std::string without_limits(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t end = text[i] == '{' ? text.find('}', i) : std::string::npos;
    const bool is_alternative =
        end != std::string::npos &&
        ((end + 1 < text.size() && text[end + 1] == '|') || (i > 0 && text[i - 1] == '|'));
    if (!is_alternative) {
      out += text[i];
      continue;
    }
    i = end;
    if (i + 1 < text.size() && text[i + 1] == '|')
      ++i;
    else if (!out.empty())
      out.pop_back();
  }
  return out;
}

/// "((p1 and *p0+8) << {4})" of "(p1 << {4})": one part is masked by a member.
bool is_masked(const std::string& text, const std::string& old) {
  for (std::size_t at = text.find(" and "); at != std::string::npos; at = text.find(" and ", at + 1)) {
    const auto is_simple = [](char c) { return c != '(' && c != ')' && c != ' ' && c != '|'; };
    std::size_t begin = at, end = at + 5;
    while (begin > 0 && is_simple(text[begin - 1])) --begin;
    while (end < text.size() && is_simple(text[end])) ++end;
    if (begin == 0 || text[begin - 1] != '(' || end >= text.size() || text[end] != ')') continue;
    const std::string head = text.substr(0, begin - 1), tail = text.substr(end + 1);
    if (head + text.substr(begin, at - begin) + tail == old ||
        head + text.substr(at + 5, end - at - 5) + tail == old)
      return true;
  }
  return false;
}

}  // namespace

Texts meanings(const std::string& text) {
  Texts all;
  for (const std::string& one : alternatives(text)) all.insert(meaning_of(one));
  return all;
}

std::string without_choices(const std::string& text) {
  const bool is_sum = text.starts_with("(p") && text.size() > 7 && text.compare(3, 4, " + {") == 0;
  const bool has_choice = is_sum && text.find('|') != std::string::npos &&
                          text.find_first_not_of("{}|-0123456789)", 6) == std::string::npos;
  return has_choice ? text.substr(0, 6) + "{})" : text;
}

bool is_made_in_call(const std::string& text) {
  for (std::size_t at = text.find("()"); at != std::string::npos; at = text.find("()", at + 1)) {
    const std::size_t before = text.find_last_of(" (|*&", at - 1);
    const std::size_t first = before == std::string::npos ? 0 : before + 1;
    if (is_allocator(plain_name(text.substr(first, at - first)))) return true;
  }
  return false;
}

bool only_narrowed(const Texts& lost, const Texts& gained) {
  return !lost.empty() && std::ranges::all_of(gained, [&](const std::string& text) {
    return std::ranges::any_of(lost, [&](const std::string& old) {
      return text.starts_with("(" + old + " and {") || without_limits(text) == old || is_masked(text, old);
    });
  });
}

}  // namespace stent::review
