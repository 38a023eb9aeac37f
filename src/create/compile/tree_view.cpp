#include "create/compile/tree_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "create/compile/line_directives.hpp"
#include "create/compile/read_text.hpp"

namespace stent::compile {
namespace {

namespace fs = std::filesystem;
using Kind = ChangedFile::Kind;

bool is_assembler(const fs::path& path) {
  const auto extension = path.extension();
  return extension == ".S" || extension == ".s" || extension == ".sx" || extension == ".asm";
}

bool is_below(const fs::path& path, const fs::path& directory) {
  return std::mismatch(directory.begin(), directory.end(), path.begin(), path.end()).first == directory.end();
}

void write_changed(const ChangedFile& file, const fs::path& to) {
  write_text(to,
             is_assembler(file.location) ? join_lines(file.new_text) : insert_line_directives(file.new_text));
  // __TIMESTAMP__ is the file's time.
  if (file.kind == Kind::modified) fs::last_write_time(to, fs::last_write_time(file.location));
}

fs::path nearest_directory(fs::path path) {
  do path = path.parent_path();
  while (!fs::is_directory(path));
  return path;
}

/// A directory in which names appear or vanish is rebuilt from mounts of its entries, and mounted over
/// itself.
void rebuild_directory(const ChangedTree& tree, const fs::path& directory, const fs::path& copy,
                       Mounts& mounts) {
  std::set<fs::path> gone;
  for (const auto& file : tree.files)
    if (file.kind == Kind::removed) gone.insert(file.location);
  fs::create_directories(copy);
  for (const auto& entry : fs::directory_iterator(directory)) {
    const auto place = copy / entry.path().filename();
    if (gone.contains(entry.path())) continue;
    if (entry.is_symlink()) {
      fs::copy_symlink(entry.path(), place);
    } else if (entry.is_directory()) {
      fs::create_directory(place);
      mounts.emplace_back(entry.path(), place);
    } else if (entry.is_regular_file()) {
      write_text(place, "");
      mounts.emplace_back(entry.path(), place);
    }
  }
  for (const auto& file : tree.files)
    if (file.kind == Kind::added && nearest_directory(file.location) == directory)
      write_changed(file, copy / file.location.lexically_relative(directory));
  mounts.emplace_back(copy, directory);
}

Mounts make_mounts(const ChangedTree& tree, const fs::path& work) {
  Mounts mounts;
  std::set<fs::path> directories;  // parents sort before what is in them
  for (const auto& file : tree.files)
    if (file.kind != Kind::modified) directories.insert(nearest_directory(file.location));
  std::size_t number = 0;
  for (const auto& directory : directories)
    rebuild_directory(tree, directory, work / "directories" / std::to_string(number++), mounts);
  for (const auto& file : tree.files) {
    if (file.kind != Kind::modified) continue;
    const auto copy = work / "files" / std::to_string(number++) / file.location.filename();
    write_changed(file, copy);
    mounts.emplace_back(copy, file.location);
  }
  return mounts;
}

/// Real directories and links to files: a link to a directory would lead ".." back to the original.
void make_shadow(const ChangedTree& tree, const fs::path& shadow, const fs::path& work) {
  fs::create_directories(shadow);
  for (auto at = fs::recursive_directory_iterator(tree.root); at != fs::recursive_directory_iterator();
       ++at) {
    const auto place = shadow / at->path().lexically_relative(tree.root);
    if (at->path() == work || at->path().filename() == ".git") {
      at.disable_recursion_pending();
    } else if (at->is_symlink() && fs::read_symlink(at->path()).is_relative()) {
      fs::copy_symlink(at->path(), place);
    } else if (at->is_directory() && !at->is_symlink()) {
      fs::create_directories(place);
    } else {
      fs::create_symlink(at->path(), place);
    }
  }
  for (const auto& file : tree.files) {
    const auto place = shadow / file.location.lexically_relative(tree.root);
    fs::remove(place);
    if (file.kind != Kind::removed) write_changed(file, place);
  }
}

std::string replace_root(std::string word, const std::string& root, const std::string& shadow) {
  for (std::size_t at = 0; (at = word.find(root, at)) != std::string::npos;) {
    const auto end = at + root.size();
    if (end == word.size() || word[end] == '/') {
      word.replace(at, root.size(), shadow);
      at += shadow.size();
    } else {
      at = end;
    }
  }
  return word;
}

}  // namespace

TreeView::TreeView(const ChangedTree& tree, const fs::path& work_directory, Isolation isolation)
    : root_(tree.root) {
  if (isolation == Isolation::automatic)
    isolation = can_mount(work_directory) ? Isolation::mount_namespace : Isolation::shadow_tree;
  if (isolation == Isolation::mount_namespace) {
    mounts_ = make_mounts(tree, work_directory);
    return;
  }
  shadow_ = work_directory / "shadow";
  make_shadow(tree, shadow_, work_directory);
}

fs::path TreeView::original(const fs::path& path) const {
  if (shadow_.empty() || !is_below(path, shadow_)) return path;
  return root_ / path.lexically_relative(shadow_);
}

ChildCommand TreeView::changed_command(const RecordedUnit& unit,
                                       const std::vector<std::string>& actions) const {
  ChildCommand command;
  command.directory = unit.directory;
  command.environment = unit.environment;
  if (shadow_.empty()) {
    command.words = command_of(unit, actions);
    command.mounts = &mounts_;
    return command;
  }
  auto mapped = unit;
  const auto canonical = fs::canonical(unit.directory);
  if (is_below(canonical, root_)) {
    command.directory = (shadow_ / canonical.lexically_relative(root_)).lexically_normal();
  } else {
    for (const auto& word : command_of(unit, {}))
      if (word.find("..") != std::string::npos)
        throw Error(ErrorCode::unsupported,
                    fmt::format("{} is built in {}, outside of its source tree, with relative paths ({})",
                                unit.source.string(), unit.directory.string(), word),
                    "private mount namespaces are not available here: run as root, or allow user namespaces");
  }
  for (auto& word : mapped.arguments) word = replace_root(word, root_, shadow_);
  mapped.source_argument = replace_root(mapped.source_argument, root_, shadow_);
  mapped.arguments.push_back(fmt::format("-ffile-prefix-map={}={}", shadow_.string(), root_.string()));
  command.words = command_of(mapped, actions);
  return command;
}

}  // namespace stent::compile
