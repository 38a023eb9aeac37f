#include "create/compile/included_names.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "base/error.hpp"
#include "create/compile/read_text.hpp"

namespace stent::compile {
namespace {

namespace fs = std::filesystem;

/// What one file's text includes.
struct Includes {
  std::vector<std::string> names;
  bool has_computed = false;
};

std::string_view skip_blanks(std::string_view text) {
  const auto at = text.find_first_not_of(" \t\v\f");
  return at == std::string_view::npos ? std::string_view{} : text.substr(at);
}

/// Whatever could hide an #include (a comment or a continuation between its words) counts as computed.
void scan_line(std::string_view line, Includes& out) {
  line = skip_blanks(line);
  if (line.starts_with("%:"))
    line.remove_prefix(1);
  else if (!line.starts_with('#'))
    return;
  line = skip_blanks(line.substr(1));
  static constexpr std::array<std::string_view, 3> directives{"include_next", "include", "import"};
  const bool is_cut = line.ends_with('\\') &&
                      std::any_of(directives.begin(), directives.end(), [&](std::string_view directive) {
                        return directive.starts_with(line.substr(0, line.size() - 1));
                      });
  if (line.starts_with("/*") || is_cut) out.has_computed = true;
  const auto word = std::find_if(directives.begin(), directives.end(),
                                 [&](std::string_view directive) { return line.starts_with(directive); });
  if (word == directives.end()) return;
  line = skip_blanks(line.substr(word->size()));
  const char close = line.starts_with('<') ? '>' : line.starts_with('"') ? '"' : '\0';
  const auto end = close == '\0' ? std::string_view::npos : line.find(close, 1);
  if (end == std::string_view::npos)
    out.has_computed = true;
  else
    out.names.emplace_back(line.substr(1, end - 1));
}

Includes scan(const fs::path& path) {
  Includes out;
  const std::string text = read_text(path);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    scan_line(std::string_view(text).substr(at, end - at), out);
    at = end + 1;
  }
  return out;
}

/// The directories and files that a command's options name.
struct SearchPlaces {
  std::vector<fs::path> directories;
  std::vector<std::string> forced;  ///< -include FILE
  bool is_certain = true;           ///< no option that could bring in more
};

bool is_opaque(std::string_view word) {
  static constexpr std::array<std::string_view, 10> prefixes{
      "-Xclang",      "-Xpreprocessor", "-specs",   "--specs",  "--config",
      "-include-pch", "-ivfsoverlay",   "-fmodule", "-iprefix", "-iwithprefix"};
  if (word.starts_with("-Wp,")) return !word.starts_with("-Wp,-D") && !word.starts_with("-Wp,-U");
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return word.starts_with(prefix); });
}

SearchPlaces places_of(const RecordedUnit& unit) {
  static constexpr std::array<std::string_view, 6> options{"-I",         "-iquote",      "-isystem",
                                                           "-idirafter", "-cxx-isystem", "-F"};
  SearchPlaces places;
  places.directories.push_back(unit.directory);
  for (std::size_t i = 0; i < unit.arguments.size(); ++i) {
    const std::string& word = unit.arguments[i];
    const bool has_next = i + 1 < unit.arguments.size();
    places.is_certain = places.is_certain && !is_opaque(word);
    if ((word == "-include" || word == "-imacros") && has_next)
      places.forced.push_back(unit.arguments[i + 1]);
    for (const std::string_view option : options) {
      if (word == option && has_next) places.directories.push_back(unit.directory / unit.arguments[i + 1]);
      if (word.starts_with(option) && word.size() > option.size())
        places.directories.push_back(unit.directory / word.substr(option.size()));
    }
  }
  for (const std::string& variable : unit.environment) {
    const auto equal = variable.find('=');
    if (equal == std::string::npos || variable.substr(0, equal).find("PATH") == std::string::npos) continue;
    if (variable.starts_with("PATH=") || variable.starts_with("COMPILER_PATH=")) continue;
    for (std::size_t at = equal + 1; at < variable.size();) {
      const auto end = std::min(variable.find(':', at), variable.size());
      places.directories.push_back(unit.directory / variable.substr(at, end - at));
      at = end + 1;
    }
  }
  return places;
}

class Scanner {
 public:
  explicit Scanner(const std::set<fs::path>& wanted) : wanted_(wanted) {
    for (const fs::path& path : wanted) names_.insert(path.filename());
  }

  bool may_reach(const RecordedUnit& unit) {
    const SearchPlaces places = places_of(unit);
    if (!places.is_certain) return true;
    std::set<fs::path> seen{unit.source};
    std::vector<fs::path> open{unit.source};
    const auto follow = [&](const std::string& name, const fs::path& from) {
      bool found = names_.contains(fs::path(name).filename()) || reach(from / name, seen, open);
      for (const fs::path& directory : places.directories)
        found = found || reach(directory / name, seen, open);
      return found;
    };
    for (const std::string& name : places.forced)
      if (follow(name, unit.directory)) return true;
    while (!open.empty()) {
      const fs::path file = open.back();
      open.pop_back();
      const Includes& includes = includes_of(file);
      if (includes.has_computed) return true;
      for (const std::string& name : includes.names)
        if (follow(name, file.parent_path())) return true;
    }
    return false;
  }

 private:
  /// True when the file is wanted, by whatever link.
  bool reach(const fs::path& path, std::set<fs::path>& seen, std::vector<fs::path>& open) {
    const fs::path& file = canonical(path.lexically_normal());
    if (file.empty()) return false;
    if (seen.insert(file).second) open.push_back(file);
    return wanted_.contains(file);
  }

  /// Empty when it is no file.
  const fs::path& canonical(const fs::path& path) {
    const auto [at, fresh] = files_.try_emplace(path);
    std::error_code ignored;
    if (fresh && fs::is_regular_file(path, ignored)) at->second = fs::canonical(path);
    return at->second;
  }

  const Includes& includes_of(const fs::path& path) {
    const auto [at, fresh] = scanned_.try_emplace(path);
    if (fresh) at->second = scan(path);
    return at->second;
  }

  const std::set<fs::path>& wanted_;
  std::set<fs::path> names_;
  std::map<fs::path, fs::path> files_;
  std::map<fs::path, Includes> scanned_;
};

}  // namespace

std::vector<bool> may_include(const std::vector<RecordedUnit>& units, const std::set<fs::path>& wanted) {
  Scanner scanner(wanted);
  std::vector<bool> out;
  for (const RecordedUnit& unit : units) out.push_back(scanner.may_reach(unit));
  return out;
}

}  // namespace stent::compile
