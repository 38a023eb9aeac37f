#include "create/unresolved_names.hpp"

#include <elf.h>
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "binary/elf/elf_file.hpp"
#include "binary/elf/needed_libraries.hpp"
#include "create/question.hpp"

namespace stent::create {
namespace {

using Names = std::set<std::string>;

constexpr const char* remedy =
    "give the unit that defines it as well (its object before and after, or the whole build); where the "
    "process has "
    "it from elsewhere, say so by --ack";

Names names_left_open(const model::Image& target, const patch::Image& image) {
  Names names;
  for (const patch::Binding& binding : image.bindings) {
    const auto* symbol = std::get_if<patch::DynamicSymbol>(&binding.where);
    if (symbol == nullptr || symbol->weak) continue;
    const bool is_imported =
        std::ranges::find(target.imports, binding.name, &model::Import::name) != target.imports.end();
    const bool is_own = std::ranges::any_of(target.symbols, [&](const model::ImageSymbol& one) {
      return one.name == binding.name && one.binding != model::SymbolBinding::local;
    });
    if (!is_imported && !is_own) names.insert(binding.name);
  }
  return names;
}

void remove_defined(Names& names, const std::filesystem::path& library) {
  const elf::File file(library);
  for (const elf::Section& section : file.sections()) {
    if (section.type != SHT_DYNSYM) continue;
    for (const elf::RawSymbol& symbol : file.symbols(section))
      if (symbol.section != SHN_UNDEF) names.erase(symbol.name);
  }
}

/// Removes what the libraries define; of a file that cannot be read, nothing.
void remove_defined_by(Names& names, const std::vector<std::filesystem::path>& libraries) {
  for (const std::filesystem::path& library : libraries) try {
      remove_defined(names, library);
    } catch (const Error&) {
    }
}

}  // namespace

Names without_library_names(Names names, const model::Image& target) {
  remove_defined_by(names, elf::needed_libraries(target.path).files);
  return names;
}

void ask_about_names(const model::Image& target, const patch::Image& image,
                     std::vector<review::Finding>& findings) {
  Names names = names_left_open(target, image);
  if (names.empty()) return;
  const elf::NeededLibraries libraries = elf::needed_libraries(target.path);
  if (!libraries.is_complete) return;
  remove_defined_by(names, libraries.files);
  Names searched;
  for (const std::filesystem::path& library : libraries.files) searched.insert(library.filename());
  std::vector<Question> questions;
  for (const std::string& name : names)
    questions.push_back(
        {"symbol:" + name,
         fmt::format("{} is defined neither by {} nor by what it is linked with ({}); {}", name,
                     target.path.filename().string(), fmt::join(searched, ", "), remedy)});
  for (review::Finding& finding :
       findings_of(questions, "apply refuses the patch where the process has no such name"))
    if (std::ranges::find(findings, finding.id, &review::Finding::id) == findings.end())
      findings.push_back(std::move(finding));
}

}  // namespace stent::create
