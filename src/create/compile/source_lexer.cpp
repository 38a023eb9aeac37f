#include "create/compile/source_lexer.hpp"

#include <string>

namespace stent::compile {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || is_digit(c) ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<LineState> lex() {
    if (!text_.empty()) lines_.push_back({.boundary = true});
    while (at_ < text_.size()) token();
    return std::move(lines_);
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  /// Length of a backslash-newline at `at`, blanks between them as GCC and Clang accept; 0 when there is
  /// none.
  [[nodiscard]] std::size_t splice(std::size_t at) const {
    if (at >= text_.size() || text_[at] != '\\') return 0;
    std::size_t end = at + 1;
    while (end < text_.size() && is_blank(text_[end])) ++end;
    return end < text_.size() && text_[end] == '\n' ? end + 1 - at : 0;
  }

  void begin_line(bool boundary) {
    ++at_;
    if (at_ < text_.size()) lines_.push_back({.boundary = boundary});
  }

  /// Steps over one character, or a splice. Inside a construct that goes on over line ends.
  void advance() {
    if (const auto length = splice(at_)) {
      at_ += length - 1;
      begin_line(false);
    } else if (text_[at_] == '\n') {
      begin_line(false);
    } else {
      ++at_;
    }
  }

  void token() {
    const char c = text_[at_];
    if (c == '\n') return newline();
    if (is_blank(c)) {
      ++at_;
    } else if (splice(at_) != 0) {
      advance();
    } else if (c == '/' && peek(1) == '/') {
      while (at_ < text_.size() && text_[at_] != '\n') advance();
    } else if (c == '/' && peek(1) == '*') {
      block_comment();
    } else {
      significant(c);
    }
  }

  void significant(char c) {
    if (c == '(' && name_ended_line_) lines_[first_line_after_name()].boundary = false;
    name_ended_line_ = false;
    const bool starts_line = !seen_token_;
    seen_token_ = true;
    after_name_ = false;
    if (c == '#' && starts_line && !in_directive_) return directive();
    if (c == '"' || c == '\'') return literal(c);
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (is_word(c)) return word();
    if (!in_directive_) {
      if (c == '(') ++depth_;
      if (c == ')' && depth_ > 0) --depth_;
    }
    ++at_;
  }

  void newline() {
    in_directive_ = false;
    // A macro's name may stand on one line and its arguments begin on the next.
    if (after_name_ && !name_ended_line_) {
      name_ended_line_ = true;
      name_line_ = lines_.size() - 1;
    }
    after_name_ = false;
    seen_token_ = false;
    begin_line(depth_ == 0);
  }

  /// All lines from the one after the name to this one: no directive may come between.
  std::size_t first_line_after_name() {
    for (auto line = name_line_ + 1; line + 1 < lines_.size(); ++line) lines_[line].boundary = false;
    return lines_.size() - 1;
  }

  void block_comment() {
    at_ += 2;
    while (at_ < text_.size() && !(text_[at_] == '*' && peek(1) == '/')) {
      if (text_[at_] == '\n')
        begin_line(false);
      else
        ++at_;
    }
    at_ = std::min(at_ + 2, text_.size());
  }

  /// Up to the closing quote; an unterminated one ends with its line.
  void literal(char quote) {
    ++at_;
    while (at_ < text_.size() && text_[at_] != '\n') {
      if (text_[at_] == quote) {
        ++at_;
        return;
      }
      if (splice(at_) == 0 && text_[at_] == '\\' && peek(1) != '\n') ++at_;
      if (at_ < text_.size() && text_[at_] != '\n') advance();
    }
  }

  void number() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool exponent =
          (c == 'e' || c == 'E' || c == 'p' || c == 'P') && (peek(1) == '+' || peek(1) == '-');
      const bool separator = c == '\'' && is_word(peek(1));
      if (!is_word(c) && c != '.' && !separator) return;
      at_ += exponent || separator ? 2 : 1;
    }
  }

  void word() {
    const auto begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    const auto name = text_.substr(begin, at_ - begin);
    if (peek() == '"' && (name == "R" || name == "LR" || name == "uR" || name == "UR" || name == "u8R"))
      return raw_string();
    after_name_ = !in_directive_;
  }

  /// R"delimiter( ... )delimiter": no escapes and no splices inside.
  void raw_string() {
    const auto open = text_.find('(', at_);
    if (open == std::string_view::npos || open - at_ > 17) return literal('"');
    const auto end = ")" + std::string(text_.substr(at_ + 1, open - at_ - 1)) + "\"";
    const auto close = text_.find(end, open);
    const auto stop = close == std::string_view::npos ? text_.size() : close + end.size();
    while (at_ < stop) {
      if (text_[at_] == '\n')
        begin_line(false);
      else
        ++at_;
    }
  }

  void directive() {
    const auto line = lines_.size() - 1;
    in_directive_ = true;
    ++at_;
    while (at_ < text_.size() &&
           (is_blank(text_[at_]) || splice(at_) != 0 || (peek() == '/' && peek(1) == '*'))) {
      if (peek() == '/')
        block_comment();
      else
        advance();
    }
    const auto begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    classify(line, text_.substr(begin, at_ - begin));
  }

  void classify(std::size_t line, std::string_view name) {
    using Directive = LineState::Directive;
    auto& kind = lines_[line].directive;
    kind = Directive::other;
    if (name == "if" || name == "ifdef" || name == "ifndef") {
      kind = Directive::opens;
      groups_.push_back(depth_);
    } else if (name == "else" || name == "elif" || name == "elifdef" || name == "elifndef") {
      // Each branch starts from where the first did: only one of them is compiled.
      kind = Directive::alternates;
      if (!groups_.empty()) depth_ = groups_.back();
    } else if (name == "endif") {
      kind = Directive::closes;
      if (!groups_.empty()) groups_.pop_back();
    } else if (name == "line" || (!name.empty() && is_digit(name[0]))) {
      kind = Directive::line;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<LineState> lines_;
  std::vector<unsigned> groups_;  ///< parenthesis depth at each open #if
  unsigned depth_ = 0;
  bool in_directive_ = false;
  bool seen_token_ = false;       ///< on this logical line
  bool after_name_ = false;       ///< the last token is a name
  bool name_ended_line_ = false;  ///< and nothing but blank lines and comments came since
  std::size_t name_line_ = 0;
};

}  // namespace

std::vector<LineState> lex_lines(std::string_view text) { return Lexer(text).lex(); }

}  // namespace stent::compile
