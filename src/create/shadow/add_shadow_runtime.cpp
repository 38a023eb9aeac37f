#include "create/shadow/add_shadow_runtime.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

// The object that the build made of shadow_runtime.c.
__asm__(
    ".pushsection .rodata\n"
    ".globl stent_shadow_object, stent_shadow_object_end\n"
    "stent_shadow_object:\n"
    ".incbin \"" STENT_SHADOW_OBJECT
    "\"\n"
    "stent_shadow_object_end:\n"
    ".popsection\n");
extern "C" const char stent_shadow_object[];
extern "C" const char stent_shadow_object_end[];

namespace stent::shadow {
namespace {

constexpr const char* table_name = "stent_shadow_table";

bool calls_runtime(const bind::BoundUnit& unit) {
  return std::ranges::any_of(unit.new_object->symbols, [](const model::Symbol& symbol) {
    return !symbol.definition && symbol.name.starts_with("stent_shadow_");
  });
}

/// The object, read through a file in memory.
model::Object load_runtime() {
  const UniqueFd file(::memfd_create("stent-shadow-runtime", MFD_CLOEXEC));
  if (!file.valid()) throw system_error(errno, "memfd_create");
  const auto size = static_cast<std::size_t>(stent_shadow_object_end - stent_shadow_object);
  if (::write(file.get(), stent_shadow_object, size) != static_cast<ssize_t>(size))
    throw system_error(errno, "writing the shadow runtime");
  return model::load_object("/proc/self/fd/" + std::to_string(file.get()));
}

bool is_carried(const model::Atom& atom) {
  using model::AtomKind;
  return atom.kind == AtomKind::code || atom.kind == AtomKind::read_only ||
         atom.kind == AtomKind::merged_constant || atom.kind == AtomKind::string_literal;
}

}  // namespace

std::unique_ptr<Runtime> add_shadow_runtime(std::vector<bind::BoundUnit>& units) {
  if (std::ranges::none_of(units, calls_runtime)) return nullptr;
  auto runtime = std::make_unique<Runtime>(Runtime{load_runtime(), {}});
  const model::Object& object = runtime->object;
  for (std::uint32_t i = 0; i < object.atoms.size(); ++i)
    if (is_carried(object.atoms[i])) runtime->changes.selected.push_back({i});
  runtime->changes.old_atom.resize(object.atoms.size());
  bind::BoundUnit unit;
  unit.new_object = &object;
  unit.changes = &runtime->changes;
  unit.selected = runtime->changes.selected;
  for (std::uint32_t i = 0; i < object.symbols.size(); ++i)
    if (object.symbols[i].name == table_name) {
      bind::BoundTarget table;
      table.binding = {table_name, patch::ShadowTable{}};
      table.access = bind::Access::own_slot;
      table.evidence = "the process's table of shadow data";
      unit.symbols.emplace(model::SymbolId{i}, table);
    }
  units.push_back(std::move(unit));
  return runtime;
}

}  // namespace stent::shadow
