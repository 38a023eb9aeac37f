#include "create/compile/compile_change.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "base/error.hpp"
#include "create/compile/account.hpp"
#include "create/compile/build_failure.hpp"
#include "create/compile/changed_tree.hpp"
#include "create/compile/compile_commands.hpp"
#include "create/compile/dependencies.hpp"
#include "create/compile/diff_file.hpp"
#include "create/compile/find_spares.hpp"
#include "create/compile/included_names.hpp"
#include "create/compile/link_time_pairs.hpp"
#include "create/compile/observed_units.hpp"
#include "create/compile/read_text.hpp"
#include "create/compile/shell_words.hpp"
#include "create/compile/tree_view.hpp"

namespace stent::compile {
namespace {

namespace fs = std::filesystem;
using Kind = ChangedFile::Kind;

/// Where the diff's paths may start: the directories of the build, and all above them.
std::vector<fs::path> possible_roots(const CompileRequest& request, const std::vector<RecordedUnit>& units) {
  if (request.source_root) return {*request.source_root};
  std::vector<fs::path> roots;
  std::set<fs::path> seen;
  const auto add = [&](fs::path path) {
    for (; seen.insert(path).second; path = path.parent_path()) roots.push_back(path);
  };
  add(request.build_command.empty() ? fs::canonical(request.compile_commands).parent_path()
                                    : fs::canonical(request.build_directory));
  for (const auto& unit : units) {
    add(unit.source.parent_path());
    add(fs::weakly_canonical(unit.directory));
  }
  return roots;
}

std::string shown_source(const RecordedUnit& unit, const fs::path& root) {
  const auto relative = unit.source.lexically_relative(root);
  return relative.empty() || *relative.begin() == ".." ? unit.source.string() : relative.string();
}

struct Build {
  std::vector<RecordedUnit> units;
  std::vector<RecordedLink> links;
};

Build recorded_build(const CompileRequest& request) {
  if (!request.build_command.empty()) {
    const auto commands = observe_build(request.build_command, request.build_directory);
    return {observed_units(commands), links_of(commands)};
  }
  Build build{parse_compile_commands(read_text(request.compile_commands), request.compile_commands), {}};
  if (request.link_command.empty()) return build;
  const fs::path directory = fs::canonical(request.compile_commands).parent_path();
  const auto words = expand_response_files(split_shell(request.link_command), directory);
  build.links = links_of({{directory, words, {}}});
  if (build.links.empty())
    throw Error(
        ErrorCode::bad_input,
        fmt::format("the --link-command links nothing that is there: {}", request.link_command),
        fmt::format("give the compiler's command that made the target, as it ran in {}", directory.string()));
  return build;
}

/// Adds to `found` what the compilers of those `units` that are `asked` read of `wanted`.
void ask_compilers(const std::vector<RecordedUnit>& units, const std::vector<bool>& asked,
                   const std::set<fs::path>& wanted, const TreeView* view, const CompileRequest& request,
                   std::vector<std::set<fs::path>>& found) {
  std::vector<RecordedUnit> kept;
  std::vector<std::size_t> index;
  for (std::size_t i = 0; i < units.size(); ++i)
    if (asked[i]) {
      kept.push_back(units[i]);
      index.push_back(i);
    }
  const auto work = request.work_directory / "dependencies";
  const auto read = find_dependencies(kept, wanted, view, request.extra_flags, work, request.jobs);
  for (std::size_t i = 0; i < read.size(); ++i) found[index[i]].insert(read[i].begin(), read[i].end());
}

/// For each unit the changed files it is made of.
std::vector<std::set<fs::path>> find_affected(const std::vector<RecordedUnit>& units, const ChangedTree& tree,
                                              const TreeView& view, const CompileRequest& request) {
  std::set<fs::path> changed, added, removed;
  for (const auto& file : tree.files) {
    (file.kind == Kind::added ? added : changed).insert(file.location);
    if (file.kind == Kind::removed) removed.insert(file.location);
  }
  std::vector<std::set<fs::path>> found(units.size());
  for (std::size_t i = 0; i < units.size(); ++i)
    if (changed.contains(units[i].source)) found[i].insert(units[i].source);
  ask_compilers(units, may_include(units, changed), changed, nullptr, request, found);
  if (added.empty()) return found;
  // Who includes an added file, by a new #include in a changed one or by finding it first, only the new tree
  // can tell.
  auto asked = may_include(units, added);
  for (std::size_t i = 0; i < units.size(); ++i)
    asked[i] = (asked[i] || !found[i].empty()) && !removed.contains(units[i].source);
  ask_compilers(units, asked, added, &view, request, found);
  return found;
}

std::vector<std::string> compile_actions(const CompileRequest& request, const fs::path& object) {
  auto actions = request.extra_flags;
  actions.insert(actions.end(), {"-ffunction-sections", "-fdata-sections", "-c", "-o", object});
  return actions;
}

/// The changed `unit` once more, as `object`; the view lives as long as someone may ask for this.
fs::path compile_again(const RecordedUnit& unit, const TreeView& view, const CompileRequest& request,
                       const fs::path& object, const std::vector<std::string>& flags) {
  auto with_flags = request;
  with_flags.extra_flags.insert(with_flags.extra_flags.end(), flags.begin(), flags.end());
  ChildCommand command = view.changed_command(unit, compile_actions(with_flags, object));
  command.output = object.string() + ".output";
  command.errors = object.string() + ".errors";
  const int status = run_all({command}, 1).at(0);
  if (status != 0) throw build_failure("compiling once more the changed", unit, command, status);
  return object;
}

/// Compiles `units`, old and new of each, and returns the pairs in their order.
std::vector<ObjectPair> compile_pairs(const std::vector<RecordedUnit>& units, const fs::path& root,
                                      const std::shared_ptr<const TreeView>& view,
                                      const CompileRequest& request) {
  std::vector<ObjectPair> pairs;
  std::vector<ChildCommand> commands;
  for (const auto side : {"old", "new"}) fs::create_directories(request.work_directory / side);
  for (const auto& unit : units) {
    const auto name = fmt::format("{}-{}.o", pairs.size(), unit.source.stem().string());
    ObjectPair pair;
    pair.source = shown_source(unit, root);
    pair.old_object = request.work_directory / "old" / name;
    pair.new_object = request.work_directory / "new" / name;
    pair.command = show_command(command_of(unit, compile_actions(request, name)));
    commands.push_back({command_of(unit, compile_actions(request, pair.old_object)),
                        unit.directory,
                        {},
                        {},
                        nullptr,
                        unit.environment});
    commands.push_back(view->changed_command(unit, compile_actions(request, pair.new_object)));
    pair.compile_again = [=, object = request.work_directory / "new" / ("again-" + name)](const auto& flags) {
      return compile_again(unit, *view, request, object, flags);
    };
    for (const auto& [command, object] :
         {std::pair{commands.size() - 2, pair.old_object}, {commands.size() - 1, pair.new_object}}) {
      commands[command].output = object.string() + ".output";
      commands[command].errors = object.string() + ".errors";
    }
    pairs.push_back(std::move(pair));
  }
  run_old_and_new(commands, units, request.jobs);
  return pairs;
}

}  // namespace

CompiledChange compile_change(const CompileRequest& given) {
  auto request = given;
  fs::create_directories(request.work_directory);
  request.work_directory = fs::canonical(request.work_directory);
  for (const auto left :
       {"probe", "files", "directories", "shadow", "dependencies", "old", "new", "linked", "spares"})
    fs::remove_all(request.work_directory / left);
  const auto diffs = parse_diff(read_text(request.diff), request.diff.string());
  const auto [units, links] = recorded_build(request);
  auto tree = apply_to_tree(diffs, possible_roots(request, units));
  const auto view = std::make_shared<const TreeView>(tree, request.work_directory, request.isolation);
  const auto affected = find_affected(units, tree, *view, request);

  CompiledChange out;
  std::map<fs::path, AffectedBy> by_file;
  std::vector<RecordedUnit> to_compile, to_link, others;
  for (std::size_t i = 0; i < units.size(); ++i) {
    bool source_removed = false;
    for (const auto& path : affected[i])
      (path == units[i].source ? by_file[path].compiled : by_file[path].included)
          .insert(shown_source(units[i], tree.root));
    for (const auto& file : tree.files)
      source_removed = source_removed || (file.kind == Kind::removed && file.location == units[i].source);
    if (affected[i].empty() && !units[i].is_link_time_optimised) others.push_back(units[i]);
    if (affected[i].empty() || source_removed) continue;
    (units[i].is_link_time_optimised ? to_link : to_compile).push_back(units[i]);
  }
  for (const auto& file : tree.files) {
    const bool read = by_file.contains(file.location);
    if (file.mismatch && read) throw *file.mismatch;
    auto accounts = account_for(file, by_file[file.location]);
    std::move(accounts.begin(), accounts.end(), std::back_inserter(out.hunks));
  }
  out.pairs = compile_pairs(to_compile, tree.root, view, request);
  for (ObjectPair& pair : link_time_pairs(to_link, links, *view, request))
    out.pairs.push_back(std::move(pair));
  out.find_spares = spares_of_build(std::move(others), tree.root, request);
  out.files = std::move(tree.files);
  return out;
}

}  // namespace stent::compile
