#include "create/compile/find_spares.hpp"

#include <cxxabi.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>

#include "base/error.hpp"
#include "create/compile/child_process.hpp"
#include "create/compile/read_text.hpp"

namespace stent::compile {
namespace {

namespace fs = std::filesystem;

bool is_word(char one) { return std::isalnum(static_cast<unsigned char>(one)) != 0 || one == '_'; }

/// The last word before parameters and template arguments: what a source that defines `symbol` must write.
std::string written_name(const std::string& symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> plain(
      abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free);
  std::string name = status == 0 && plain ? plain.get() : symbol;
  name.resize(std::min(name.find_first_of("(<@"), name.size()));
  const auto begin = std::find_if_not(name.rbegin(), name.rend(), is_word).base();
  return {begin, name.end()};
}

bool mentions(const std::string& text, const std::string& word) {
  if (word.empty()) return false;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]))) return true;
  }
  return false;
}

class Finder {
 public:
  Finder(std::vector<RecordedUnit> units, const fs::path& root, const CompileRequest& request)
      : request_(request), root_(root), directory_(request.work_directory / "spares") {
    for (RecordedUnit& unit : units) {
      auto& ways = units_[unit.source];
      if (std::ranges::find(ways, unit) == ways.end()) ways.push_back(std::move(unit));
    }
  }

  std::vector<SpareUnit> find(const std::set<std::string>& names) {
    compile_those_that_mention(names);
    std::vector<SpareUnit> found;
    for (const auto& [source, object] : objects_)
      if (!object.empty()) found.push_back({shown(source), object, "", object});
    return found;
  }

 private:
  void compile_those_that_mention(const std::set<std::string>& names) {
    std::vector<ChildCommand> commands;
    std::vector<fs::path> sources;
    fs::create_directories(directory_);
    for (const auto& [source, ways] : units_) {
      if (objects_.contains(source) || ways.size() != 1 || !is_asked_for(source, names)) continue;
      const fs::path object = directory_ / fmt::format("{}-{}.o", objects_.size(), source.stem().string());
      auto actions = request_.extra_flags;
      actions.insert(actions.end(), {"-ffunction-sections", "-fdata-sections", "-c", "-o", object});
      commands.push_back({command_of(ways.front(), actions), ways.front().directory,
                          object.string() + ".output", object.string() + ".errors", nullptr,
                          ways.front().environment});
      sources.push_back(source);
      objects_[source] = object;
    }
    const std::vector<int> statuses = run_all(commands, request_.jobs);
    for (std::size_t i = 0; i < statuses.size(); ++i)
      if (statuses[i] != 0) objects_[sources[i]].clear();
  }

  static bool is_asked_for(const fs::path& source, const std::set<std::string>& names) {
    try {
      const std::string text = read_text(source);
      return std::ranges::any_of(names,
                                 [&](const std::string& name) { return mentions(text, written_name(name)); });
    } catch (const Error&) {
      return false;
    }
  }

  [[nodiscard]] std::string shown(const fs::path& source) const {
    const fs::path relative = source.lexically_relative(root_);
    return relative.empty() || *relative.begin() == ".." ? source.string() : relative.string();
  }

  CompileRequest request_;
  fs::path root_, directory_;
  std::map<fs::path, std::vector<RecordedUnit>> units_;  ///< by source: the ways in which it is compiled
  std::map<fs::path, fs::path> objects_;                 ///< by source; empty: it does not compile
};

}  // namespace

SpareFinder spares_of_build(std::vector<RecordedUnit> units, const fs::path& root,
                            const CompileRequest& request) {
  return [finder = std::make_shared<Finder>(std::move(units), root, request)](
             const std::set<std::string>& names) { return finder->find(names); };
}

}  // namespace stent::compile
