#include "create/compile/diff_file.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/error.hpp"

namespace stent::compile {
namespace {

constexpr auto kMakeAgain = "make the diff again with `diff -u` or `git diff --no-renames`";

class Parser {
 public:
  Parser(std::string_view text, const std::string& name) : name_(name) {
    while (!text.empty()) {
      const auto end = text.find('\n');
      const bool complete = end != std::string_view::npos;
      lines_.push_back(text.substr(0, complete ? end : text.size()));
      text.remove_prefix(complete ? end + 1 : text.size());
    }
  }

  std::vector<FileDiff> parse() {
    while (at_ < lines_.size()) step();
    finish_git_section();
    if (files_.empty())
      throw Error(ErrorCode::bad_input, fmt::format("{} holds no unified diff", name_), kMakeAgain);
    return std::move(files_);
  }

 private:
  [[noreturn]] void fail(std::size_t line, const std::string& what,
                         const std::string& hint = kMakeAgain) const {
    throw Error(ErrorCode::bad_input, fmt::format("{}, line {}: {}", name_, line + 1, what), hint);
  }

  /// The line without a carriage return at its end.
  [[nodiscard]] std::string_view header(std::size_t line) const {
    auto text = line < lines_.size() ? lines_[line] : std::string_view{};
    if (text.ends_with('\r')) text.remove_suffix(1);
    return text;
  }

  void step() {
    const auto text = header(at_);
    if (text.starts_with("diff --git ")) return start_git_section();
    if (text.starts_with("diff --cc ") || text.starts_with("diff --combined ") || text.starts_with("@@@ "))
      fail(at_, "a combined diff (of a merge) cannot be applied");
    if (text.starts_with("*** ") && header(at_ + 1).starts_with("--- ") &&
        header(at_ + 2).starts_with("****"))
      fail(at_, "a context diff; only unified diffs are understood");
    if (text.starts_with("GIT binary patch") ||
        (text.starts_with("Binary files ") && text.ends_with(" differ")))
      fail(at_, "a change of a binary file", "leave files that are no source out of the diff");
    if (text.starts_with("--- ") && header(at_ + 1).starts_with("+++ ")) return parse_file();
    if (text.starts_with("@@ -")) fail(at_, "a hunk without the two lines that name its file");
    if (git_) parse_extended_header(text);
    ++at_;
  }

  struct GitSection {
    std::size_t line = 0;
    std::string old_path, new_path;
    bool added = false, removed = false, seen_file = false;
  };

  void start_git_section() {
    finish_git_section();
    git_ = GitSection{};
    git_->line = at_;
    auto rest = header(at_).substr(sizeof "diff --git " - 1);
    // "a/X b/X": both halves name the same file except in renames, which say so in the lines that follow.
    const auto half = rest.size() / 2;
    if (!rest.starts_with('"') && rest.size() % 2 == 1 && rest[half] == ' ') {
      git_->old_path = rest.substr(0, half);
      git_->new_path = rest.substr(half + 1);
    }
    ++at_;
  }

  void parse_extended_header(std::string_view text) {
    if (text.starts_with("new file mode")) git_->added = true;
    if (text.starts_with("deleted file mode")) git_->removed = true;
    if (!git_->seen_file && (text.starts_with("rename from ") || text.starts_with("copy from ")))
      fail(at_, "a renamed or copied file", "make the diff again with `git diff --no-renames`");
  }

  /// A git section without hunks: an empty file added or removed, or only a changed mode.
  void finish_git_section() {
    if (git_ && !git_->seen_file && (git_->added || git_->removed)) {
      FileDiff file;
      file.diff_line = static_cast<unsigned>(git_->line + 1);
      if (!git_->added) file.old_path = git_->old_path;
      if (!git_->removed) file.new_path = git_->new_path;
      if (file.path().empty()) fail(git_->line, "the name of the file cannot be read");
      files_.push_back(std::move(file));
    }
    git_.reset();
  }

  void parse_file() {
    FileDiff file;
    file.diff_line = static_cast<unsigned>(at_ + 1);
    file.old_path = parse_path(at_);
    file.new_path = parse_path(at_ + 1);
    file.carriage_returns_stripped = lines_[at_].ends_with('\r') && lines_[at_ + 1].ends_with('\r');
    if (file.old_path.empty() && file.new_path.empty()) fail(at_, "both sides are /dev/null");
    if (git_) git_->seen_file = true;
    at_ += 2;
    while (header(at_).starts_with("@@ -")) file.hunks.push_back(parse_hunk(file));
    if (file.hunks.empty()) fail(at_, "no hunk (\"@@ -...\") follows the lines that name the file");
    // Plain `diff -N` names an added file on both sides and dates the missing one to the epoch.
    const auto& first = file.hunks.front();
    if (file.hunks.size() == 1 && first.old_start == 0 && first.old_count == 0) file.old_path.clear();
    if (file.hunks.size() == 1 && first.new_start == 0 && first.new_count == 0) file.new_path.clear();
    files_.push_back(std::move(file));
  }

  std::string parse_path(std::size_t line) const {
    auto text = header(line).substr(4);
    std::string path;
    if (text.starts_with('"')) {
      path = unquote(line, text);
    } else {
      path = text.substr(0, text.find('\t'));
      // Without a tab some tools put the date after blanks: "name 2024-01-01 ...".
      while (path.ends_with(' ')) path.pop_back();
    }
    if (path.empty()) fail(line, "the name of the file is missing");
    return path == "/dev/null" ? std::string{} : path;
  }

  /// git's C-style quoting of unusual names.
  std::string unquote(std::size_t line, std::string_view text) const {
    std::string out;
    for (std::size_t i = 1; i < text.size(); ++i) {
      if (text[i] == '"') return out;
      if (text[i] != '\\') {
        out += text[i];
        continue;
      }
      if (++i >= text.size()) break;
      if (text[i] >= '0' && text[i] <= '3' && i + 2 < text.size()) {
        out += static_cast<char>((text[i] - '0') * 64 + (text[i + 1] - '0') * 8 + (text[i + 2] - '0'));
        i += 2;
        continue;
      }
      static constexpr std::string_view from = "abtnvfr\"\\", to = "\a\b\t\n\v\f\r\"\\";
      const auto known = from.find(text[i]);
      if (known == std::string_view::npos) fail(line, "the quoted name of the file cannot be read");
      out += to[known];
    }
    fail(line, "the quoted name of the file does not end");
  }

  unsigned parse_number(std::string_view& text, std::size_t line) const {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || value > 0x7fffffff) fail(line, "the hunk's header cannot be read");
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
  }

  void parse_range(std::string_view& text, std::size_t line, unsigned& start, unsigned& count) const {
    start = parse_number(text, line);
    count = 1;
    if (text.starts_with(',')) {
      text.remove_prefix(1);
      count = parse_number(text, line);
    }
    if (start == 0 && count != 0) fail(line, "the hunk's header counts lines from 0");
  }

  Hunk parse_hunk(const FileDiff& file) {
    Hunk hunk;
    hunk.number = static_cast<unsigned>(file.hunks.size() + 1);
    hunk.diff_line = static_cast<unsigned>(at_ + 1);
    auto text = header(at_).substr(4);
    parse_range(text, at_, hunk.old_start, hunk.old_count);
    if (!text.starts_with(" +")) fail(at_, "the hunk's header cannot be read");
    text.remove_prefix(2);
    parse_range(text, at_, hunk.new_start, hunk.new_count);
    if (!text.starts_with(" @@")) fail(at_, "the hunk's header cannot be read");
    ++at_;
    parse_hunk_lines(hunk, file.carriage_returns_stripped);
    return hunk;
  }

  void parse_hunk_lines(Hunk& hunk, bool strip) {
    unsigned old_left = hunk.old_count, new_left = hunk.new_count;
    const auto take = [&](unsigned& left) {
      if (left-- == 0)
        fail(at_, fmt::format("the hunk at line {} has more lines than its header says", hunk.diff_line));
    };
    while (old_left != 0 || new_left != 0 || header(at_).starts_with("\\ ")) {
      if (at_ >= lines_.size())
        fail(at_, fmt::format("the diff ends inside the hunk at line {}", hunk.diff_line),
             "the diff is truncated; get it again");
      auto text = strip ? header(at_) : lines_[at_];
      const char mark = text.empty() || text == "\r" ? ' ' : text[0];
      if (mark == '\\') {
        drop_newline(hunk);
        ++at_;
        continue;
      }
      if (mark != ' ' && mark != '+' && mark != '-')
        fail(at_, fmt::format("a line of the hunk at line {} starts with '{}'", hunk.diff_line, mark));
      if (mark != '+') take(old_left);
      if (mark != '-') take(new_left);
      DiffLine line;
      if (mark == '-') line.kind = DiffLine::Kind::removed;
      if (mark == '+') line.kind = DiffLine::Kind::added;
      // A context line that lost its blank on the way stands for an empty line.
      if (!text.empty() && text[0] == mark) text.remove_prefix(1);
      line.text = std::string(text) + '\n';
      hunk.lines.push_back(std::move(line));
      ++at_;
    }
    const auto next = header(at_);
    const bool signature = next == "-- " || next == "--" || next.starts_with("--- ");
    if (!signature && (next.starts_with('+') || next.starts_with('-')))
      fail(at_, fmt::format("the hunk at line {} has more lines than its header says", hunk.diff_line));
  }

  void drop_newline(Hunk& hunk) {
    if (hunk.lines.empty() || !hunk.lines.back().text.ends_with('\n'))
      fail(at_, "\"\\ No newline\" without a line before it");
    hunk.lines.back().text.pop_back();
  }

  const std::string& name_;
  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
  std::optional<GitSection> git_;
  std::vector<FileDiff> files_;
};

}  // namespace

std::vector<FileDiff> parse_diff(std::string_view text, const std::string& name) {
  return Parser(text, name).parse();
}

}  // namespace stent::compile
