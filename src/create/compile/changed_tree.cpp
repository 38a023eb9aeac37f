#include "create/compile/changed_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "create/compile/read_text.hpp"
#include "create/compile/strip_command.hpp"

namespace stent::compile {
namespace {

namespace fs = std::filesystem;

/// The path without its first component for strip 1; nothing when it would leave the tree or nothing is left.
std::optional<fs::path> strip(const std::string& name, unsigned components) {
  fs::path out;
  for (const auto& part : fs::path(name).lexically_normal()) {
    if (part == ".." || part.is_absolute()) return std::nullopt;
    if (components > 0)
      --components;
    else
      out /= part;
  }
  if (out.empty()) return std::nullopt;
  return out;
}

struct Frame {
  fs::path root;
  unsigned components = 0;
  auto operator<=>(const Frame&) const = default;
};

/// The file a section names, relative to the root; plain diffs may name it x.c.orig on one side.
std::optional<fs::path> existing(const FileDiff& diff, const Frame& frame) {
  for (const auto* name : {&diff.new_path, &diff.old_path}) {
    if (name->empty()) continue;
    const auto path = strip(*name, frame.components);
    if (path && fs::is_regular_file(frame.root / *path)) return path;
  }
  return std::nullopt;
}

/// Names of the files that should be there and are not. A name that cannot be stripped counts as missing.
std::vector<std::string> missing(const std::vector<FileDiff>& diffs, const Frame& frame) {
  std::set<std::string> added;
  std::vector<std::string> out;
  for (const auto& diff : diffs) {
    if (diff.adds() && strip(diff.path(), frame.components))
      added.insert(diff.path());
    else if (!existing(diff, frame) && !added.contains(diff.path()))
      out.push_back(diff.path());
  }
  return out;
}

ChangedFile& file_at(ChangedTree& tree, const fs::path& relative) {
  const auto location = fs::weakly_canonical(tree.root / relative);
  for (auto& file : tree.files)
    if (file.location == location) return file;
  ChangedFile file;
  file.location = location;
  file.shown = relative;
  if (fs::is_regular_file(location))
    file.new_text = number_lines(read_text(location));
  else
    file.kind = ChangedFile::Kind::added;
  tree.files.push_back(std::move(file));
  return tree.files.back();
}

bool is_code_name(const fs::path& path) {
  static const std::set<std::string> headers{".h",   ".H",   ".hh",  ".hp",  ".hpp", ".hxx", ".h++",
                                             ".tcc", ".inc", ".def", ".ipp", ".inl", ".tpp"};
  return is_source_name(path) || headers.contains(path.extension().string());
}

void apply_text(ChangedFile& file, const FileDiff& diff) {
  if (file.mismatch) return;
  try {
    file.new_text = apply_hunks(file.new_text, diff, file.shown);
  } catch (const Error& error) {
    if (is_code_name(file.location)) throw;
    file.mismatch = error;
    if (file.kind != ChangedFile::Kind::added) file.new_text = number_lines(read_text(file.location));
  }
}

void apply_section(ChangedTree& tree, const FileDiff& diff, const Frame& frame) {
  const auto path = diff.adds() ? strip(diff.path(), frame.components) : existing(diff, frame);
  auto& file = file_at(tree, path ? *path : *strip(diff.path(), frame.components));
  const bool there = !file.new_text.empty() || file.kind == ChangedFile::Kind::modified;
  if (diff.adds() && there && !(file.new_text.empty() && !diff.hunks.empty())) {
    const bool same = join_lines(file.new_text) == join_lines(apply_hunks({}, diff, file.shown));
    throw Error(
        ErrorCode::refused,
        same ? fmt::format("{} holds the change already", file.shown)
             : fmt::format("{} is to be added, but exists (line {} of the diff)", file.shown, diff.diff_line),
        "the source tree must be that of the running program, before the change");
  }
  for (const auto& hunk : diff.hunks) file.hunk_lines.push_back(hunk.old_start);
  if (diff.hunks.empty()) file.hunk_lines.push_back(0);
  apply_text(file, diff);
  if (!diff.removes() || file.mismatch) return;
  if (!file.new_text.empty())
    throw Error(ErrorCode::refused,
                fmt::format("{} is to be removed, but has more lines than the diff", file.shown),
                "the source tree must be that of the running program; make the diff against it");
  file.kind = ChangedFile::Kind::removed;
}

ChangedTree apply(const std::vector<FileDiff>& diffs, const Frame& frame) {
  ChangedTree tree;
  tree.root = frame.root;
  for (const auto& diff : diffs) apply_section(tree, diff, frame);
  return tree;
}

std::vector<Frame> frames_of(const std::vector<fs::path>& roots) {
  std::vector<Frame> frames;
  for (const auto& root : roots)
    for (const unsigned components : {1U, 0U})
      if (fs::is_directory(root))
        if (const Frame frame{fs::canonical(root), components};
            std::find(frames.begin(), frames.end(), frame) == frames.end())
          frames.push_back(frame);
  return frames;
}

std::set<fs::path> locations(const ChangedTree& tree) {
  std::set<fs::path> out;
  for (const auto& file : tree.files) out.insert(file.location);
  return out;
}

[[noreturn]] void fail_missing(const std::vector<FileDiff>& diffs, const std::vector<Frame>& frames) {
  std::vector<std::string> best;
  for (const auto& frame : frames)
    if (auto names = missing(diffs, frame); best.empty() || names.size() < best.size())
      best = std::move(names);
  throw Error(ErrorCode::bad_input,
              fmt::format("the diff changes {}, which is not in the source tree",
                          best.empty() ? "a file" : best.front()),
              "give the directory the diff's paths are relative to with --source-root");
}

}  // namespace

ChangedTree apply_to_tree(const std::vector<FileDiff>& diffs, const std::vector<fs::path>& roots) {
  const auto frames = frames_of(roots);
  std::optional<ChangedTree> found;
  std::optional<Error> first_failure;
  bool only_adds = true;
  for (const auto& diff : diffs) only_adds = only_adds && diff.adds();
  for (const auto& frame : frames) {
    if (!missing(diffs, frame).empty()) continue;
    try {
      auto tree = apply(diffs, frame);
      if (found && locations(*found) != locations(tree))
        throw Error(ErrorCode::bad_input,
                    fmt::format("the diff fits two places: {} and {}", found->files[0].location.string(),
                                tree.files[0].location.string()),
                    "give the directory the diff's paths are relative to with --source-root");
      if (!found) found = std::move(tree);
      if (only_adds) break;
    } catch (const Error& error) {
      if (error.code() == ErrorCode::bad_input) throw;
      if (!first_failure) first_failure = error;
    }
  }
  if (found) return std::move(*found);
  if (first_failure) throw *first_failure;
  fail_missing(diffs, frames);
}

}  // namespace stent::compile
