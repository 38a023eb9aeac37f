#include "create/compile/shell_words.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "create/compile/read_text.hpp"

namespace stent::compile {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

class Splitter {
 public:
  Splitter(std::string_view text, bool shell) : text_(text), shell_(shell) {}

  std::vector<std::string> split() {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (is_blank(c)) {
        finish();
      } else if (c == '\'' || c == '"') {
        quoted(c);
      } else if (c == '\\' && at_ + 1 < text_.size()) {
        escaped();
      } else {
        if (shell_) refuse_operator(c);
        add(c);
      }
    }
    finish();
    return std::move(words_);
  }

 private:
  void add(char c) {
    word_ += c;
    open_ = true;
  }
  void finish() {
    if (open_) words_.push_back(std::move(word_));
    word_.clear();
    open_ = false;
  }
  void escaped() {
    ++at_;
    if (shell_ && text_[at_] == '\n') return;
    add(text_[at_]);
  }

  void refuse_operator(char c) const {
    const bool substitution = c == '`' || (c == '$' && at_ + 1 < text_.size() && text_[at_ + 1] == '(');
    if (substitution || c == ';' || c == '|' || c == '&' || c == '<' || c == '>')
      throw Error(ErrorCode::bad_input, fmt::format("the compile command needs a shell ('{}'): {}", c, text_),
                  "record plain compiler commands, as bear and CMake do");
  }

  void quoted(char quote) {
    open_ = true;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
      // In a shell's double quotes a backslash quotes only these; response files let it quote everything.
      const bool escapes =
          shell_ ? quote == '"' && (next == '"' || next == '\\' || next == '$' || next == '`' || next == '\n')
                 : next != '\0';
      if (text_[at_] == '\\' && escapes) ++at_;
      word_ += text_[at_];
    }
    if (at_ >= text_.size())
      throw Error(ErrorCode::bad_input, fmt::format("a quote does not end: {}", text_),
                  "record the commands again");
  }

  std::string_view text_;
  bool shell_;
  std::size_t at_ = 0;
  std::string word_;
  bool open_ = false;
  std::vector<std::string> words_;
};

void expand(const std::vector<std::string>& arguments, const std::filesystem::path& directory, unsigned depth,
            std::vector<std::string>& out) {
  for (const auto& argument : arguments) {
    const auto file =
        argument.size() > 1 && argument[0] == '@' ? directory / argument.substr(1) : std::filesystem::path{};
    std::error_code ignored;
    if (file.empty() || !std::filesystem::is_regular_file(file, ignored)) {
      out.push_back(argument);
      continue;
    }
    if (depth == 0)
      throw Error(ErrorCode::bad_input, fmt::format("response file {} includes itself", file.string()),
                  "record the commands again");
    expand(Splitter(read_text(file), false).split(), directory, depth - 1, out);
  }
}

}  // namespace

std::vector<std::string> split_shell(std::string_view command) { return Splitter(command, true).split(); }

std::vector<std::string> expand_response_files(const std::vector<std::string>& arguments,
                                               const std::filesystem::path& directory) {
  std::vector<std::string> out;
  expand(arguments, directory, 20, out);
  return out;
}

}  // namespace stent::compile
