#include "create/compile/apply_hunks.hpp"

#include <fmt/format.h>

#include <optional>
#include <span>

#include "base/error.hpp"

namespace stent::compile {
namespace {

using Texts = std::vector<std::string_view>;

/// The lines of one side of a hunk.
Texts side(const Hunk& hunk, DiffLine::Kind without) {
  Texts out;
  for (const auto& line : hunk.lines)
    if (line.kind != without) out.push_back(line.text);
  return out;
}

bool matches(const NumberedText& text, std::size_t at, const Texts& wanted) {
  if (at > text.size() || text.size() - at < wanted.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (text[at + i].text != wanted[i]) return false;
  return true;
}

struct Place {
  std::size_t at = 0;
  std::size_t count = 0;  ///< how many places match; `at` is meaningful for 1
};

/// Looks at the expected place first, then everywhere from `from` on.
Place find(const NumberedText& text, std::size_t from, std::size_t expected, const Texts& wanted) {
  if (expected >= from && matches(text, expected, wanted)) return {expected, 1};
  Place place;
  if (wanted.empty()) return place;
  for (std::size_t at = from; at + wanted.size() <= text.size(); ++at)
    if (matches(text, at, wanted)) {
      place.at = at;
      ++place.count;
    }
  return place;
}

/// Index of the first line a hunk is about, by its header. A side without lines names the line before it.
std::size_t first_line(unsigned start, unsigned count) { return count == 0 ? start : start - 1; }

/// Every hunk's result stands in the text, in order.
bool is_applied(const NumberedText& text, const std::vector<Hunk>& hunks) {
  std::size_t from = 0;
  for (const auto& hunk : hunks) {
    const auto wanted = side(hunk, DiffLine::Kind::removed);
    const auto place = find(text, from, first_line(hunk.new_start, hunk.new_count), wanted);
    if (place.count == 0) return false;
    from = place.at + wanted.size();
  }
  return true;
}

[[noreturn]] void fail(const NumberedText& text, const std::vector<Hunk>& hunks, const Hunk& hunk,
                       std::size_t places, const std::string& shown) {
  if (places == 0 && is_applied(text, hunks))
    throw Error(
        ErrorCode::refused, fmt::format("{} holds the change already", shown),
        "the source tree must be that of the running program, before the change; take the change out of it");
  const auto what = places == 0
                        ? std::string("does not match the file")
                        : fmt::format("matches the file at {} places, none of them where it says", places);
  throw Error(ErrorCode::refused,
              fmt::format("hunk {} of {} (line {} of the diff) {}", hunk.number, shown, hunk.diff_line, what),
              "the source tree must be that of the running program; make the diff against it");
}

/// A diff that lost its carriage returns on the way, against a file that has them.
std::vector<Hunk> with_line_ends_of(const NumberedText& text, const FileDiff& diff) {
  auto hunks = diff.hunks;
  if (!diff.carriage_returns_stripped || text.empty() || !text.front().text.ends_with("\r\n")) return hunks;
  for (auto& hunk : hunks)
    for (auto& line : hunk.lines)
      if (line.text.ends_with('\n')) line.text.insert(line.text.size() - 1, 1, '\r');
  return hunks;
}

void append_hunk(NumberedText& out, const NumberedText& text, std::size_t at, const Hunk& hunk) {
  for (const auto& line : hunk.lines) {
    if (line.kind == DiffLine::Kind::added) {
      out.push_back({line.text, 0});
      continue;
    }
    if (line.kind == DiffLine::Kind::context) out.push_back(text[at]);
    ++at;
  }
}

}  // namespace

NumberedText number_lines(std::string_view text) {
  NumberedText lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto size = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back({std::string(text.substr(0, size)), static_cast<unsigned>(lines.size() + 1)});
    text.remove_prefix(size);
  }
  return lines;
}

std::string join_lines(const NumberedText& lines) {
  std::string out;
  for (const auto& line : lines) out += line.text;
  return out;
}

NumberedText apply_hunks(const NumberedText& old_text, const FileDiff& diff, const std::string& shown) {
  NumberedText out;
  const auto hunks = with_line_ends_of(old_text, diff);
  std::size_t copied = 0;     // lines of the old text that are in `out` or removed
  std::ptrdiff_t offset = 0;  // where the last hunk stood, against where it said
  for (const auto& hunk : hunks) {
    const auto wanted = side(hunk, DiffLine::Kind::added);
    const auto said = static_cast<std::ptrdiff_t>(first_line(hunk.old_start, hunk.old_count));
    const auto expected = static_cast<std::size_t>(std::max<std::ptrdiff_t>(said + offset, 0));
    const auto place = find(old_text, copied, expected, wanted);
    if (place.count != 1) fail(old_text, hunks, hunk, place.count, shown);
    for (; copied < place.at; ++copied) out.push_back(old_text[copied]);
    append_hunk(out, old_text, place.at, hunk);
    copied += wanted.size();
    offset = static_cast<std::ptrdiff_t>(place.at) - said;
  }
  for (; copied < old_text.size(); ++copied) out.push_back(old_text[copied]);
  for (std::size_t i = 0; i + 1 < out.size(); ++i)
    if (!out[i].text.ends_with('\n'))
      throw Error(ErrorCode::refused,
                  fmt::format("the diff leaves line {} of {} without its end", i + 1, shown),
                  "make the diff again; \"\\ No newline at end of file\" stands inside the file");
  return out;
}

}  // namespace stent::compile
