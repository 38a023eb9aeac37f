#include "live/call/frame_tables.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"
#include "live/resolve/bind_values.hpp"
#include "live/resolve/exported_symbol.hpp"

namespace stent::call {
namespace {

struct UnwinderCopy {
  RemoteAddress add, remove;
};

/// Copies that modules export: libgcc_s.so.1 and programs that export theirs.
std::vector<UnwinderCopy> exported_unwinders(const process::RemoteMemory& memory,
                                             const std::vector<process::Module>& modules) {
  std::vector<UnwinderCopy> copies;
  for (const process::Module& module : modules) {
    const auto add = resolve::exported_symbol(memory, module, "__register_frame_info");
    const auto remove = resolve::exported_symbol(memory, module, "__deregister_frame_info");
    if (add && remove) copies.push_back({*add, *remove});
  }
  return copies;
}

std::vector<UnwinderCopy> unwinders(const patch::Patch& patch, const process::RemoteMemory& memory,
                                    const std::vector<process::Module>& modules) {
  auto copies = exported_unwinders(memory, modules);
  for (const patch::Image& image : patch.images) {
    if (!image.own_unwinder) continue;
    const process::Module& module = resolve::find_module(modules, image.module, image.module_name);
    const UnwinderCopy own{module.bias.to_remote(image.own_unwinder->add),
                           module.bias.to_remote(image.own_unwinder->remove)};
    if (std::ranges::find(copies, own.add, &UnwinderCopy::add) == copies.end()) copies.push_back(own);
  }
  return copies;
}

bool has_frames(const patch::Image& image) {
  return image.eh_frame.size != 0 && image.unwind != patch::UnwindNeed::none;
}

}  // namespace

bool must_unwind(const patch::Patch& patch, const process::RemoteMemory& memory,
                 const std::vector<process::Module>& modules) {
  if (std::ranges::any_of(patch.images, [](const patch::Image& image) {
        return image.unwind == patch::UnwindNeed::required;
      }))
    return true;
  return std::ranges::any_of(patch.images, has_frames) &&
         std::ranges::any_of(modules, [&](const process::Module& module) {
           return resolve::exported_symbol(memory, module, "__cxa_throw").has_value();
         });
}

std::size_t frame_tables_wanted(const patch::Patch& patch, const process::RemoteMemory& memory,
                                const std::vector<process::Module>& modules) {
  const auto images = std::ranges::count_if(patch.images, has_frames);
  return images == 0 ? 0 : static_cast<std::size_t>(images) * unwinders(patch, memory, modules).size();
}

std::vector<FrameTable> plan_frame_tables(const patch::Patch& patch, const resolve::ResolvedPatch& resolved,
                                          const process::RemoteMemory& memory,
                                          const std::vector<process::Module>& modules) {
  std::vector<FrameTable> tables;
  if (std::ranges::none_of(patch.images, has_frames)) return tables;
  const auto copies = unwinders(patch, memory, modules);
  RemoteAddress object = resolved.working.begin;
  for (std::size_t i = 0; i < patch.images.size(); ++i) {
    const patch::Image& image = patch.images[i];
    if (!has_frames(image)) continue;
    if (copies.empty() && image.unwind == patch::UnwindNeed::required)
      throw Error(
          ErrorCode::refused,
          fmt::format("exceptions may pass through the new code of {}, and no unwinder of the target can "
                      "be told of it (no module exports __register_frame_info)",
                      image.module_name),
          "make the patch again with the symbols of the target, so that its own unwinder is found");
    for (const UnwinderCopy& copy : copies) {
      tables.push_back(
          {copy.add, copy.remove, resolved.images[i].base.to_remote(image.eh_frame.begin), object});
      object = object + static_cast<std::int64_t>(frame_object_size);
    }
  }
  return tables;
}

std::vector<FrameTable> known_frame_tables(const process::RemoteMemory& memory,
                                           const std::vector<FrameTable>& tables) {
  std::vector<FrameTable> known;
  for (const FrameTable& table : tables) {
    std::uint64_t word = 0;
    if (memory.try_read(table.object, std::as_writable_bytes(std::span(&word, 1))) && word != 0)
      known.push_back(table);
  }
  return known;
}

void add_frame_tables(FunctionCaller& caller, const std::vector<FrameTable>& tables) {
  for (const FrameTable& table : tables)
    caller.call(table.add, {table.eh_frame.value, table.object.value, 0, 0});
}

void remove_frame_tables(FunctionCaller& caller, const std::vector<FrameTable>& tables,
                         const process::RemoteMemory& memory, const std::vector<process::Module>& modules) {
  for (const FrameTable& table : known_frame_tables(memory, tables))
    if (std::ranges::any_of(modules, [&](const auto& module) { return module.contains(table.remove); }))
      caller.call_and_clear(table.remove, table.eh_frame.value, table.object);
}

}  // namespace stent::call
