#include "create/compile/line_directives.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "create/compile/source_lexer.hpp"

namespace stent::compile {
namespace {

using Directive = LineState::Directive;

bool has_own_directives(const std::vector<LineState>& states) {
  return std::any_of(states.begin(), states.end(), [](auto& s) { return s.directive == Directive::line; });
}

/// Follows the conditional groups that stood open while lines were changed.
class ChangedGroups {
 public:
  /// Returns whether the directive ends a branch in which a line changed.
  bool step(Directive directive) {
    if (directive == Directive::opens) changed_.push_back(false);
    if (changed_.empty()) return false;
    const bool ends =
        (directive == Directive::alternates || directive == Directive::closes) && changed_.back();
    if (directive == Directive::closes) changed_.pop_back();
    return ends;
  }
  void mark() { std::fill(changed_.begin(), changed_.end(), true); }

 private:
  std::vector<bool> changed_;
};

}  // namespace

std::string insert_line_directives(const NumberedText& text) {
  const auto joined = join_lines(text);
  const auto states = lex_lines(joined);
  if (has_own_directives(states)) return joined;
  const std::string end = !text.empty() && text.front().text.ends_with("\r\n") ? "\r\n" : "\n";
  std::string out;
  ChangedGroups groups;
  unsigned last = 0;     // the number of the last unchanged line
  bool pending = false;  // numbers are off since a change
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto number = text[i].old_number;
    const bool changed = number == 0 || number != last + 1;
    if (changed) groups.mark();
    pending = pending || changed;
    if (pending && number != 0 && states[i].boundary) {
      out += fmt::format("#line {}{}", number, end);
      pending = false;
    }
    out += text[i].text;
    if (number != 0) last = number;
    if (groups.step(states[i].directive)) pending = true;
  }
  return out;
}

}  // namespace stent::compile
