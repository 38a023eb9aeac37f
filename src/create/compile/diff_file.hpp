// A unified diff as values: files, hunks, lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stent::compile {

/// One line of a hunk; `text` keeps its terminator ("\n", "\r\n"), which only a file's last line may lack.
struct DiffLine {
  enum class Kind { context, removed, added } kind = Kind::context;
  std::string text;
};

struct Hunk {
  unsigned number = 0;     ///< within its file's section, from 1
  unsigned diff_line = 0;  ///< where its "@@" stands in the diff, from 1
  unsigned old_start = 0;
  unsigned old_count = 0;
  unsigned new_start = 0;
  unsigned new_count = 0;
  std::vector<DiffLine> lines;
};

/// What the diff says about one file. Paths are as written, before any leading component is stripped.
struct FileDiff {
  std::string old_path;  ///< empty when the file is added (/dev/null)
  std::string new_path;  ///< empty when the file is removed
  unsigned diff_line = 0;
  std::vector<Hunk> hunks;
  bool carriage_returns_stripped = false;  ///< the diff itself came with CRLF line ends

  [[nodiscard]] bool adds() const { return old_path.empty(); }
  [[nodiscard]] bool removes() const { return new_path.empty(); }
  [[nodiscard]] const std::string& path() const { return removes() ? old_path : new_path; }
};

/// Parses git and plain unified diffs of any number of files; text around them (mail, DEP-3 headers) is
/// skipped. `name` is the diff's name for messages. Throws `bad_input` naming the line for anything that is
/// not understood completely: wrong hunk counts, context diffs, combined diffs, binary changes, renames, a
/// diff of nothing.
[[nodiscard]] std::vector<FileDiff> parse_diff(std::string_view text, const std::string& name);

}  // namespace stent::compile
