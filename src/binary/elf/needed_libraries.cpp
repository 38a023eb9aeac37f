#include "binary/elf/needed_libraries.hpp"

#include <elf.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include "base/error.hpp"
#include "binary/elf/elf_file.hpp"

namespace stent::elf {
namespace {

namespace fs = std::filesystem;

struct Needs {
  std::vector<std::string> libraries;
  std::vector<fs::path> directories;
};

std::vector<fs::path> directories_in(std::string list, const fs::path& origin) {
  for (const std::string variable : {"$ORIGIN", "${ORIGIN}"})
    for (std::size_t at = list.find(variable); at != std::string::npos;
         at = list.find(variable, at + origin.string().size()))
      list.replace(at, variable.size(), origin.string());
  std::vector<fs::path> directories;
  std::istringstream in(list);
  for (std::string one; std::getline(in, one, ':');)
    if (!one.empty()) directories.emplace_back(one);
  return directories;
}

std::string string_at(ByteView strings, std::uint64_t at) {
  if (at >= strings.size()) return {};
  const auto* text = reinterpret_cast<const char*>(strings.data());
  return {text + at, std::find(text + at, text + strings.size(), '\0')};
}

Needs needs_of(const File& file) {
  Needs needs;
  const fs::path origin = fs::weakly_canonical(file.path()).parent_path();
  for (const Section& section : file.sections()) {
    if (section.type != SHT_DYNAMIC || section.link >= file.sections().size()) continue;
    const ByteView strings = file.sections()[section.link].data;
    for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= section.data.size(); at += sizeof(Elf64_Dyn)) {
      const auto tag = load<std::int64_t>(section.data, at);
      const std::string text = string_at(strings, load<std::uint64_t>(section.data, at + 8));
      if (tag == DT_NULL) break;
      if (tag == DT_NEEDED) needs.libraries.push_back(text);
      if (tag == DT_RPATH || tag == DT_RUNPATH)
        for (fs::path& one : directories_in(text, origin)) needs.directories.push_back(std::move(one));
    }
  }
  return needs;
}

/// ld.so.conf(5), then the loader's own defaults (ld.so(8)).
std::vector<fs::path> system_directories() {
  std::vector<fs::path> files{"/etc/ld.so.conf"}, directories;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/etc/ld.so.conf.d", none)) files.push_back(entry.path());
  std::sort(files.begin() + 1, files.end());
  for (const fs::path& file : files) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);)
      if (line.starts_with('/')) directories.emplace_back(line.substr(0, line.find_first_of(" \t#")));
  }
  for (const char* one :
       {"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"})
    directories.emplace_back(one);
  return directories;
}

std::optional<fs::path> find_library(const std::string& name,
                                     const std::vector<std::vector<fs::path>>& searched) {
  std::error_code none;
  if (name.find('/') != std::string::npos) {
    if (fs::exists(name, none)) return name;
    return {};
  }
  for (const auto& directories : searched)
    for (const fs::path& directory : directories)
      if (fs::exists(directory / name, none)) return directory / name;
  return {};
}

}  // namespace

NeededLibraries needed_libraries(const fs::path& program) {
  const std::vector<fs::path> system = system_directories();
  NeededLibraries libraries;
  std::vector<fs::path> of_program, open{program};
  std::set<std::string> seen;
  while (!open.empty()) try {
      const fs::path one = open.back();
      open.pop_back();
      const Needs needs = needs_of(File(one));
      if (one == program) of_program = needs.directories;
      for (const std::string& name : needs.libraries) {
        if (!seen.insert(name).second) continue;
        const auto file = find_library(name, {needs.directories, of_program, system});
        libraries.is_complete = libraries.is_complete && file.has_value();
        if (!file) continue;
        libraries.files.push_back(*file);
        open.push_back(*file);
      }
    } catch (const Error&) {
      libraries.is_complete = false;
    }
  return libraries;
}

}  // namespace stent::elf
