#include "create/compile/dependencies.hpp"

#include <map>

#include "base/error.hpp"
#include "create/compile/build_failure.hpp"
#include "create/compile/read_text.hpp"

namespace stent::compile {
namespace {

namespace fs = std::filesystem;

/// Canonical forms of what compilers print; system headers come once for each unit.
class CanonicalPaths {
 public:
  const fs::path& of(const fs::path& path) {
    const auto [at, fresh] = known_.try_emplace(path);
    if (fresh) at->second = fs::weakly_canonical(path);
    return at->second;
  }

 private:
  std::map<fs::path, fs::path> known_;
};

}  // namespace

std::vector<std::string> parse_make_rule(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  const auto finish = [&] {
    if (!word.empty()) out.push_back(std::move(word));
    word.clear();
  };
  auto at = text.find(": ");
  if (at == std::string_view::npos) return out;
  for (at += 2; at < text.size(); ++at) {
    const char c = text[at];
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (c == '\\' && next == '\n') {
      finish();
      ++at;
    } else if ((c == '\\' && (next == ' ' || next == '#' || next == '\t')) || (c == '$' && next == '$')) {
      word += next;
      ++at;
    } else if (c == ' ' || c == '\n' || c == '\t') {
      finish();
      if (c == '\n') break;
    } else {
      word += c;
    }
  }
  finish();
  return out;
}

std::vector<std::set<fs::path>> find_dependencies(const std::vector<RecordedUnit>& units,
                                                  const std::set<fs::path>& wanted, const TreeView* view,
                                                  const std::vector<std::string>& extra_flags,
                                                  const fs::path& work_directory, unsigned jobs) {
  fs::create_directories(work_directory);
  // -MG: a generated header that is not there is no reason to fail here; -w: nor is a warning.
  auto actions = extra_flags;
  actions.insert(actions.end(), {"-M", "-MG", "-w", "-MT", "unit"});
  std::vector<ChildCommand> commands;
  for (std::size_t i = 0; i < units.size(); ++i) {
    ChildCommand command{command_of(units[i], actions), units[i].directory, {}, {}, nullptr,
                         units[i].environment};
    if (view != nullptr) command = view->changed_command(units[i], actions);
    command.output = work_directory / (std::to_string(i) + ".d");
    command.errors = work_directory / (std::to_string(i) + ".errors");
    commands.push_back(std::move(command));
  }
  const auto statuses = run_all(commands, jobs);
  CanonicalPaths canonical;
  std::vector<std::set<fs::path>> found(units.size());
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (statuses[i] != 0)
      throw build_failure("finding what is included by", units[i], commands[i], statuses[i]);
    for (const auto& name : parse_make_rule(read_text(commands[i].output))) {
      const auto& read = canonical.of(commands[i].directory / name);
      const auto path = view != nullptr ? view->original(read) : read;
      if (wanted.contains(path)) found[i].insert(path);
    }
  }
  return found;
}

}  // namespace stent::compile
