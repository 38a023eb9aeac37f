#include "create/compile/changed_link.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "create/compile/archive.hpp"
#include "create/compile/child_process.hpp"
#include "create/compile/read_text.hpp"
#include "create/compile/recorded_unit.hpp"

namespace stent::compile {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

/// Runs `words` as the compiler of `link` ran; returns what is printed.
std::string run_tool(const RecordedLink& link, Words words, const fs::path& output) {
  const ChildCommand command{std::move(words), link.directory,  output, output.string() + ".errors",
                             nullptr,          link.environment};
  const int status = run_all({command}, 1).at(0);
  if (status != 0)
    throw Error(
        ErrorCode::build_failed,
        fmt::format("{} failed with status {}\n{}", show_command(command.words), status,
                    read_text(command.errors)),
        "archives of objects made with -flto need the compiler's own tools: gcc's linker plugin, or llvm-ar");
  std::string text = read_text(output);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

/// An archiver that sees the symbols in the compiler's intermediate code.
Words archiver(const RecordedLink& link, bool is_clang, const fs::path& work) {
  const auto ask = [&](const char* what) { return run_tool(link, {link.words.at(0), what}, work / "tool"); };
  if (is_clang) {
    // ROOT/lib/clang/16; what PATH has may be of another version, which cannot read this one's code.
    const fs::path library = fs::path(ask("-print-resource-dir")).parent_path().parent_path();
    const fs::path llvm = library.parent_path() / "bin/llvm-ar";
    if (fs::exists(llvm)) return {llvm};
    if (fs::exists(library / "LLVMgold.so")) return {"ar", "--plugin", library / "LLVMgold.so"};
    return {ask("-print-prog-name=llvm-ar")};
  }
  return {"ar", "--plugin", ask("-print-file-name=liblto_plugin.so")};
}

/// What `-lNAME` or `-l:FILE` takes of the directories given with -L, where that is an archive.
std::optional<fs::path> archive_of_library(const RecordedLink& link, const std::string& name) {
  const bool is_static = std::ranges::find(link.words, "-static") != link.words.end();
  for (std::size_t i = 1; i < link.words.size(); ++i) {
    if (!link.words[i].starts_with("-L")) continue;
    const std::string given = link.words[i].size() > 2    ? link.words[i].substr(2)
                              : i + 1 < link.words.size() ? link.words[i + 1]
                                                          : std::string();
    const fs::path directory = link.directory / given;
    if (name.starts_with(':') && fs::exists(directory / name.substr(1))) return directory / name.substr(1);
    if (!is_static && fs::exists(directory / ("lib" + name + ".so"))) return std::nullopt;
    if (fs::exists(directory / ("lib" + name + ".a"))) return directory / ("lib" + name + ".a");
  }
  return std::nullopt;
}

}  // namespace

bool is_bitcode(const fs::path& object) { return read_text(object).starts_with("BC\xc0\xde"); }

ChangedLinks::ChangedLinks(const std::vector<ReplacedObject>& objects, fs::path work_directory)
    : objects_(objects), work_directory_(std::move(work_directory)) {
  for (const ReplacedObject& object : objects) contents_.push_back(read_text(object.recorded));
}

std::optional<Words> ChangedLinks::words_of(const RecordedLink& link) {
  Words words;
  bool is_other = false;
  for (const std::string& word : link.words) {
    std::optional<fs::path> input = link.directory / word;
    if (word.starts_with("-l")) input = archive_of_library(link, word.substr(2));
    const auto now = input ? replaced(link, *input) : std::nullopt;
    words.push_back(now ? now->string() : word);
    is_other = is_other || now.has_value();
  }
  if (!is_other) return std::nullopt;
  return words;
}

std::optional<fs::path> ChangedLinks::replaced(const RecordedLink& link, const fs::path& input) {
  std::error_code ignored;
  if (!fs::is_regular_file(input, ignored)) return std::nullopt;
  for (std::size_t i = 0; i < objects_.size(); ++i)
    if (fs::equivalent(objects_[i].recorded, input, ignored)) {
      linked_.insert(i);
      return objects_[i].now;
    }
  const auto [at, fresh] = archives_.try_emplace(fs::canonical(input));
  if (fresh && is_archive(input)) at->second = replaced_archive(link, at->first);
  return at->second;
}

std::optional<fs::path> ChangedLinks::replaced_archive(const RecordedLink& link, const fs::path& archive) {
  const fs::path work = work_directory_ / std::to_string(archives_.size());
  const auto members = extract_members(archive, work / "members");
  Words files;
  bool is_other = false;
  for (const ArchiveMember& member : members) {
    const auto at = std::ranges::find(contents_, read_text(member.file));
    files.push_back(member.file);
    if (at == contents_.end()) continue;
    const auto index = static_cast<std::size_t>(at - contents_.begin());
    linked_.insert(index);
    files.back() = objects_[index].now;
    is_other = true;
  }
  if (!is_other) return std::nullopt;
  const fs::path copy = work / archive.filename();
  Words words = archiver(link, is_bitcode(objects_.front().now), work);
  words.insert(words.end(), {"rcs", copy});
  words.insert(words.end(), files.begin(), files.end());
  static_cast<void>(run_tool(link, std::move(words), work / "archiver"));
  return copy;
}

}  // namespace stent::compile
