#include "create/compile/link_time_pairs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "create/compile/build_failure.hpp"
#include "create/compile/changed_link.hpp"
#include "create/compile/read_text.hpp"

namespace stent::compile {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr const char* kHint =
    "let stent see the link: `-- make -B` (or what builds everything), or give --link-command; it must "
    "compile "
    "and link by commands of their own";

void require_object(const RecordedUnit& unit) {
  std::error_code ignored;
  if (unit.object.empty() || !fs::is_regular_file(unit.object, ignored))
    throw Error(
        ErrorCode::unsupported,
        fmt::format("{} is compiled with link-time optimisation (-flto), and its object {} is not there to "
                    "be linked again",
                    unit.source.string(), unit.object.string()),
        kHint);
}

/// The objects of `units` by their recorded names, before and after the change.
struct Sides {
  std::vector<ReplacedObject> before, after;
};

Sides compile_sides(const std::vector<RecordedUnit>& units, const TreeView& view,
                    const CompileRequest& request, const fs::path& work) {
  Sides sides;
  std::vector<ChildCommand> commands;
  const auto add = [&](ChildCommand command, const fs::path& object) {
    command.output = object.string() + ".output";
    command.errors = object.string() + ".errors";
    commands.push_back(std::move(command));
  };
  for (const RecordedUnit& unit : units) {
    require_object(unit);
    const std::string name = fmt::format("{}-{}", sides.before.size(), unit.object.filename().string());
    const fs::path before = work / ("old-" + name), after = work / ("new-" + name);
    sides.before.push_back({unit.object, before});
    sides.after.push_back({unit.object, after});
    const auto old_words = command_of(unit, {"-c", "-o", before});
    add({old_words, unit.directory, {}, {}, nullptr, unit.environment}, before);
    add(view.changed_command(unit, {"-c", "-o", after}), after);
  }
  run_old_and_new(commands, units, request.jobs);
  return sides;
}

/// Those that made a target; when none did, all.
std::vector<RecordedLink> links_of_targets(const std::vector<RecordedLink>& links,
                                           const std::vector<fs::path>& targets) {
  std::vector<RecordedLink> found;
  for (const RecordedLink& link : links)
    if (std::ranges::any_of(targets, [&](const fs::path& target) {
          std::error_code ignored;
          return fs::equivalent(link.output, target, ignored);
        }))
      found.push_back(link);
  return found.empty() ? links : found;
}

/// One link repeated with the optimiser's objects kept in `work`: gcc's plugin leaves its temporary files,
/// LLVM writes where it is told.
ChildCommand keeping_objects(const RecordedLink& link, Words words, bool is_clang, const fs::path& work) {
  fs::create_directories(work);
  words.insert(words.end(), {"-ffunction-sections", "-fdata-sections", "-o", work / "linked"});
  words.push_back(is_clang ? "-Wl,-plugin-opt=obj-path=" + (work / "kept.o").string()
                           : "-Wl,-plugin-opt=-save-temps");
  ChildCommand command{std::move(words), link.directory, work / "output",
                       work / "errors",  nullptr,        link.environment};
  command.environment.push_back("TMPDIR=" + work.string());
  return command;
}

/// By the number in their names: "ccXYZ.ltrans12.ltrans.o", "kept.o3".
std::map<std::pair<int, std::string>, fs::path> kept_objects(const fs::path& work, bool is_clang) {
  std::map<std::pair<int, std::string>, fs::path> kept;
  for (const auto& entry : fs::directory_iterator(work)) {
    const std::string name = entry.path().filename();
    constexpr int debug = 1 << 20;  // behind the code: the first names the source
    if (is_clang ? name.starts_with("kept.o") : name.ends_with(".ltrans.o")) {
      const std::string digits = name.substr(is_clang ? 6 : name.find(".ltrans") + 7);
      kept[{std::atoi(digits.c_str()), {}}] = entry.path();
    } else if (!is_clang && name.ends_with(".debug.temp.o")) {
      kept[{debug, name}] = entry.path();
    }
  }
  return kept;
}

void require_done(const RecordedLink& link, const ChildCommand& command, int status) {
  if (status == 0) return;
  throw Error(
      ErrorCode::build_failed,
      fmt::format("linking {} once more failed with status {}\n{}\nin {}: {}", link.output.string(), status,
                  read_text(command.errors), command.directory.string(), show_command(command.words)),
      "the tree must be built with the commands recorded, and what it links must still be there");
}

/// gcc cuts the program into parts as their sizes come out: only together they are the same before and after.
fs::path merged(const RecordedLink& link, const fs::path& work) {
  const auto parts = kept_objects(work, false);
  if (parts.empty())
    throw Error(ErrorCode::unsupported,
                fmt::format("the link of {} left no object of link-time optimisation", link.output.string()),
                "it must use gcc's linker plugin (no -fno-lto, no -fno-use-linker-plugin)");
  ChildCommand command{
      {"ld", "-r", "-o", work / "whole.o"}, link.directory, work / "output", work / "errors"};
  for (const char* kind : {"text", "data", "rodata", "bss", "tbss", "tdata"})
    command.words.push_back(fmt::format("--unique=.{}.*", kind));
  for (const auto& [number, part] : parts) command.words.push_back(part);
  require_done(link, command, run_all({command}, 1).at(0));
  return work / "whole.o";
}

class Relinker {
 public:
  Relinker(const Sides& sides, const CompileRequest& request, fs::path work)
      : request_(request),
        work_(std::move(work)),
        is_clang_(is_bitcode(sides.after.front().now)),
        before_(sides.before, work_ / "old-archives"),
        after_(sides.after, work_ / "new-archives") {}

  void add(const RecordedLink& link) {
    const auto before = before_.words_of(link), after = after_.words_of(link);
    if (!before || !after) return;
    const fs::path place = work_ / std::to_string(links_++);
    const std::vector<ChildCommand> commands{keeping_objects(link, *before, is_clang_, place / "old"),
                                             keeping_objects(link, *after, is_clang_, place / "new")};
    const auto statuses = run_all(commands, request_.jobs);
    for (std::size_t i = 0; i < commands.size(); ++i) require_done(link, commands[i], statuses[i]);
    if (is_clang_)
      add_each(link, place);
    else
      add_pair(link, "", merged(link, place / "old"), merged(link, place / "new"));
  }

  [[nodiscard]] const std::set<std::size_t>& linked() const { return after_.linked(); }
  std::vector<ObjectPair> take() { return std::move(pairs_); }

 private:
  /// LLVM writes one object, or with ThinLTO one for each that it read; equal ones need no look.
  void add_each(const RecordedLink& link, const fs::path& place) {
    const auto olds = kept_objects(place / "old", true), news = kept_objects(place / "new", true);
    if (olds.empty() || olds.size() != news.size())
      throw Error(
          ErrorCode::unsupported,
          fmt::format("the link of {} wrote {} objects before the change and {} after it",
                      link.output.string(), olds.size(), news.size()),
          "it must use LLVM's linker plugin or lld, with the same inputs; where new code needs members of "
          "an archive that nothing pulled, do without them in the new code");
    for (const auto& [key, old_object] : olds)
      if (read_text(old_object) != read_text(news.at(key)))
        add_pair(link, olds.size() > 1 ? fmt::format(", part {}", key.first) : "", old_object, news.at(key));
  }

  void add_pair(const RecordedLink& link, const std::string& part, const fs::path& old_object,
                const fs::path& new_object) {
    pairs_.push_back({fmt::format("{} (link-time optimised{})", link.output.filename().string(), part),
                      old_object, new_object, show_command(link.words)});
  }

  const CompileRequest& request_;
  fs::path work_;
  bool is_clang_;
  ChangedLinks before_, after_;
  std::size_t links_ = 0;
  std::vector<ObjectPair> pairs_;
};

}  // namespace

std::vector<ObjectPair> link_time_pairs(const std::vector<RecordedUnit>& units,
                                        const std::vector<RecordedLink>& links, const TreeView& view,
                                        const CompileRequest& request) {
  if (units.empty()) return {};
  const fs::path work = request.work_directory / "linked";
  fs::create_directories(work / "objects");
  const Sides sides = compile_sides(units, view, request, work / "objects");
  Relinker relinker(sides, request, work);
  for (const RecordedLink& link : links_of_targets(links, request.targets)) relinker.add(link);
  for (std::size_t i = 0; i < units.size(); ++i)
    if (!relinker.linked().contains(i))
      throw Error(
          ErrorCode::unsupported,
          fmt::format("{} is compiled with link-time optimisation (-flto), and no link of {} is known",
                      units[i].source.string(), units[i].object.string()),
          kHint);
  return relinker.take();
}

}  // namespace stent::compile
