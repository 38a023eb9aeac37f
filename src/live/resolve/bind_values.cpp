#include "live/resolve/bind_values.hpp"

#include <elf.h>
#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"

namespace stent::resolve {
namespace {

/// Where the executable's TLS block starts, from the thread pointer (ELF TLS ABI, variant II: it comes first
/// below).
std::int64_t executable_tls_start(const process::RemoteMemory& memory, const process::Module& module) {
  const auto header = memory.read_value<Elf64_Ehdr>(module.header);
  for (std::uint16_t i = 0; i < header.e_phnum; ++i) {
    const auto segment = memory.read_value<Elf64_Phdr>(
        module.header + static_cast<std::int64_t>(header.e_phoff + std::uint64_t{i} * sizeof(Elf64_Phdr)));
    if (segment.p_type != PT_TLS) continue;
    const std::uint64_t align = std::max<std::uint64_t>(segment.p_align, 1);
    const std::uint64_t first = (0 - (segment.p_vaddr & (align - 1))) & (align - 1);
    const std::uint64_t rounded = (segment.p_memsz - first + align - 1) / align * align + first;
    return -static_cast<std::int64_t>(rounded);
  }
  throw Error(ErrorCode::mismatch, fmt::format("{} has no thread-local storage", module.name),
              "the patch was made for another build of this module");
}

/// One value per alternative of patch::Binding::where.
struct Resolver {
  const patch::Patch& patch;
  std::size_t image;
  const BindingSpace& space;
  const patch::Binding& binding;

  const process::Module& own_module() const {
    const patch::Image& own = patch.images[image];
    return find_module(*space.modules, own.module, own.module_name);
  }
  std::uint64_t operator()(const patch::ModuleAddress& where) const {
    return own_module().bias.to_remote(where.address).value;
  }
  std::uint64_t operator()(const patch::OtherModule& where) const {
    return find_module(*space.modules, where.module, binding.name).bias.to_remote(where.address).value;
  }
  std::uint64_t operator()(const patch::OtherImage& where) const {
    return space.bases->at(where.image).to_remote(where.address).value;
  }
  std::uint64_t operator()(const patch::OwnImage& where) const {
    return space.bases->at(image).to_remote(where.address).value;
  }
  std::uint64_t operator()(const patch::ThreadOffset& where) const {
    const process::Module& module = own_module();
    if (!module.is_executable)
      throw Error(
          ErrorCode::refused,
          fmt::format(
              "{} is thread-local in the library {}, whose place in the thread's storage is not known",
              binding.name, module.name),
          "change the fix so that it does not touch this thread-local variable");
    return static_cast<std::uint64_t>(executable_tls_start(*space.memory, module)) + where.offset;
  }
  std::uint64_t operator()(const patch::DynamicSymbol& where) const {
    if (const auto found = space.symbols->find(binding.name, where.version)) return found->value;
    if (where.weak) return 0;
    throw Error(ErrorCode::mismatch,
                fmt::format("no module of the target defines {}{}{}", binding.name,
                            where.version.empty() ? "" : "@", where.version),
                "the patch needs a library function that this process has not loaded");
  }
};

}  // namespace

const process::Module& find_module(const std::vector<process::Module>& modules, const BuildId& build_id,
                                   const std::string& name) {
  const auto found = std::ranges::find(modules, build_id, &process::Module::build_id);
  if (found != modules.end() && !build_id.empty()) return *found;
  std::string present;
  for (const process::Module& module : modules)
    present += fmt::format("\n  {} {}", module.build_id.empty() ? "(no build-id)" : module.build_id.text(),
                           module.name);
  throw Error(
      ErrorCode::mismatch,
      fmt::format("the target has no module {} with build-id {}; it has:{}", name, build_id.text(), present),
      "create the patch for the build that this process runs");
}

std::vector<std::uint64_t> bind_values(const patch::Patch& patch, std::size_t image,
                                       const BindingSpace& space) {
  std::vector<std::uint64_t> values;
  for (const patch::Binding& binding : patch.images.at(image).bindings)
    values.push_back(std::visit(Resolver{patch, image, space, binding}, binding.where));
  return values;
}

}  // namespace stent::resolve
