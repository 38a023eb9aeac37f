#include "create/compile/account.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "create/compile/strip_command.hpp"

namespace stent::compile {
namespace {

using std::string_view;
using Fate = HunkAccount::Fate;

bool one_of(std::initializer_list<string_view> names, string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_build_file(const std::filesystem::path& path) {
  const auto name = path.filename().string();
  return name.starts_with("Makefile") || name.starts_with("configure") || name.ends_with(".cmake") ||
         one_of({"makefile", "GNUmakefile", "CMakeLists.txt", "meson.build", "meson_options.txt",
                 "SConstruct", "BUILD", "BUILD.bazel", "build.ninja", "Kbuild"},
                name) ||
         one_of({".am", ".ac", ".m4", ".mk", ".mak", ".pro"}, path.extension().string());
}

bool is_documentation(const std::filesystem::path& path) {
  const auto name = path.filename().string();
  return one_of({".md", ".txt", ".rst", ".adoc", ".html", ".tex", ".pod", ".po"},
                path.extension().string()) ||
         one_of({"README", "NEWS", "CHANGES", "ChangeLog", "CHANGELOG", "AUTHORS", "COPYING", "LICENSE",
                 "TODO", "changelog", "copyright", ".gitignore", ".gitattributes"},
                name);
}

bool is_generator_input(const std::filesystem::path& path) {
  return one_of({".y", ".yy", ".l", ".ll", ".lex", ".in", ".proto", ".gperf", ".tmpl", ".j2", ".rl"},
                path.extension().string());
}

std::string why_not_compiled(const ChangedFile& file) {
  const auto& path = file.location;
  if (is_build_file(path)) return "a build file: the recorded commands stay as they are";
  if (is_generator_input(path))
    return "sources are generated from it; the diff must change what is generated too";
  if (file.kind == ChangedFile::Kind::added)
    return is_source_name(path) ? "an added source: no recorded command compiles it"
                                : "an added file that no recorded unit includes";
  if (file.kind == ChangedFile::Kind::removed) return "a removed file that no recorded unit includes";
  return is_source_name(path) ? "not part of any recorded compile command"
                              : "neither compiled nor included by any recorded unit";
}

/// The build itself changes, or what it compiles.
bool is_beyond_units(const ChangedFile& file) {
  return is_build_file(file.location) || is_generator_input(file.location) ||
         (file.kind != ChangedFile::Kind::modified && is_source_name(file.location));
}

HunkAccount account(const ChangedFile& file, const AffectedBy& affected) {
  HunkAccount out;
  out.file = file.shown;
  auto units = affected.compiled;
  units.insert(affected.included.begin(), affected.included.end());
  out.units.assign(units.begin(), units.end());
  if (file.kind == ChangedFile::Kind::removed && !affected.compiled.empty()) {
    out.fate = Fate::not_compiled;
    out.why = "a removed source: its functions stay in the running program";
    out.needs_decision = true;
  } else if (!units.empty()) {
    out.fate = affected.compiled.empty() ? Fate::header : Fate::source;
  } else if (is_documentation(file.location) && !is_build_file(file.location)) {
    out.fate = Fate::ignored;
    out.why = "documentation";
  } else {
    out.fate = Fate::not_compiled;
    out.why = why_not_compiled(file);
    out.needs_decision = is_beyond_units(file);
  }
  if (file.mismatch) out.why += "; it does not match the tree either";
  return out;
}

}  // namespace

std::vector<HunkAccount> account_for(const ChangedFile& file, const AffectedBy& affected) {
  std::vector<HunkAccount> out;
  for (const auto line : file.hunk_lines) {
    out.push_back(account(file, affected));
    out.back().old_line = line;
  }
  return out;
}

}  // namespace stent::compile
