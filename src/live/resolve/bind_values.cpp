#include "live/resolve/bind_values.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"

namespace stent::resolve {
namespace {

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
  /// A place in an image of the patch, or in the variable of an earlier one that stands for it.
  std::uint64_t inside(std::size_t which, PatchAddress at) const {
    const auto& variables = patch.images.at(which).variables;
    const auto& earlier = space.variables->at(which);
    for (std::size_t i = 0; i < variables.size(); ++i)
      if (earlier.at(i) && variables[i].range().contains(at))
        return (*earlier[i] + (at - variables[i].address)).value;
    return space.bases->at(which).to_remote(at).value;
  }
  std::uint64_t operator()(const patch::ModuleAddress& where) const {
    return own_module().bias.to_remote(where.address).value;
  }
  std::uint64_t operator()(const patch::OtherModule& where) const {
    return find_module(*space.modules, where.module, binding.name).bias.to_remote(where.address).value;
  }
  std::uint64_t operator()(const patch::OtherImage& where) const {
    return inside(where.image, where.address);
  }
  std::uint64_t operator()(const patch::OwnImage& where) const { return inside(image, where.address); }
  std::uint64_t operator()(const patch::ChosenFunction& where) const {
    return (*space.ask)(own_module().bias.to_remote(where.resolver)).value;
  }
  std::uint64_t operator()(const patch::ShadowTable&) const { return space.shadow_table.value; }
  ThreadStorage thread_storage() const {
    const process::Module& module = own_module();
    if (const auto storage = space.loader->thread_storage(module)) return *storage;
    throw Error(ErrorCode::refused,
                fmt::format("{} is thread-local in {}, and where this process keeps that is not known",
                            binding.name, module.name),
                "change the fix so that it does not touch this thread-local variable");
  }
  std::uint64_t operator()(const patch::ThreadModule&) const { return thread_storage().number; }
  std::uint64_t operator()(const patch::ThreadOffset& where) const {
    const auto start = thread_storage().offset;
    if (!start)
      throw Error(
          ErrorCode::refused,
          fmt::format("the thread-local storage of {} is allocated for each thread on demand, so {} has "
                      "no fixed place in it",
                      own_module().name, binding.name),
          "compile the fix with the TLS model of the module (-ftls-model=global-dynamic)");
    return static_cast<std::uint64_t>(*start) + where.offset;
  }
  std::uint64_t operator()(const patch::DynamicSymbol& where) const {
    if (const auto found = space.symbols->find(binding.name, where.version, own_module()))
      return found->value;
    if (where.weak) return 0;
    throw Error(
        ErrorCode::mismatch,
        fmt::format("no module of the target defines {}{}{}", binding.name, where.version.empty() ? "" : "@",
                    where.version),
        "the patch needs a library that this process has not loaded, or code that the target was linked "
        "without (a member of an archive, a dropped section): put that code into the changed source");
  }
};

}  // namespace

namespace {

void refuse_special(const std::vector<process::Module>& modules, const process::Module& module) {
  std::string copies;
  std::size_t count = 0;
  for (const process::Module& other : modules) {
    if (other.build_id != module.build_id) continue;
    copies += fmt::format("\n  {} at {:#x}", other.name, other.extent().begin.value);
    ++count;
  }
  if (count > 1)
    throw Error(ErrorCode::refused,
                fmt::format("{} is loaded {} times in this process (dlmopen), and a patch is for one copy:{}",
                            module.name, count, copies),
                "have the program close all but one (dlclose), or restart it with the new build");
  if (module.name == "[vdso]")
    throw Error(ErrorCode::refused, "the vdso belongs to the kernel and is not patched",
                "patch the program or the library that calls it");
}

}  // namespace

const process::Module& find_module(const std::vector<process::Module>& modules, const BuildId& build_id,
                                   const std::string& name) {
  const auto found = std::ranges::find(modules, build_id, &process::Module::build_id);
  if (found != modules.end() && !build_id.empty()) {
    refuse_special(modules, *found);
    return *found;
  }
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
