#include "live/call/frame_tables.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/error.hpp"
#include "live/resolve/bind_values.hpp"
#include "live/resolve/exported_symbol.hpp"

namespace stent::call {
namespace {

struct UnwinderCopy {
  RemoteAddress add, remove;
  bool takes_single = false;  ///< FDEs one by one: LLVM's libunwind
};

std::optional<UnwinderCopy> exported_unwinder(const process::RemoteMemory& memory,
                                              const process::Module& module, const char* add,
                                              const char* remove, bool takes_single) {
  const auto adder = resolve::exported_symbol(memory, module, add);
  if (!adder) return {};
  const auto remover = resolve::exported_symbol(memory, module, remove);
  if (!remover) return {};
  return UnwinderCopy{*adder, *remover, takes_single};
}

/// LLVM's also exports libgcc's names, which do nothing; libgcc's own __register_frame_info leads there where
/// LLVM's comes first, so that what it calls is called instead.
std::optional<UnwinderCopy> exported_unwinder(const process::RemoteMemory& memory,
                                              const process::Module& module) {
  if (auto llvm =
          exported_unwinder(memory, module, "__unw_add_dynamic_fde", "__unw_remove_dynamic_fde", true))
    return llvm;
  return exported_unwinder(memory, module, "__register_frame_info_bases", "__deregister_frame_info_bases",
                           false);
}

/// Copies that modules export: libgcc_s.so.1, libunwind.so.1 and programs that export theirs.
std::vector<UnwinderCopy> exported_unwinders(const process::RemoteMemory& memory,
                                             const std::vector<process::Module>& modules) {
  std::vector<UnwinderCopy> copies;
  for (const process::Module& module : modules)
    if (const auto copy = exported_unwinder(memory, module)) copies.push_back(*copy);
  return copies;
}

/// Exceptions may be raised by an unwinder that takes no tables.
void refuse_unreachable(const process::RemoteMemory& memory, const std::vector<process::Module>& modules) {
  for (const process::Module& module : modules)
    if (resolve::exported_symbol(memory, module, "_Unwind_RaiseException") &&
        !exported_unwinder(memory, module))
      throw Error(
          ErrorCode::refused,
          fmt::format("exceptions may pass through the new code, and the unwinder in {} cannot be told of "
                      "it (neither gcc's nor LLVM's)",
                      module.name),
          "restart the program with the fixed version");
}

std::vector<UnwinderCopy> unwinders(const patch::Patch& patch, const process::RemoteMemory& memory,
                                    const std::vector<process::Module>& modules) {
  auto copies = exported_unwinders(memory, modules);
  for (const patch::Image& image : patch.images) {
    if (!image.own_unwinder) continue;
    const process::Module& module = resolve::find_module(modules, image.module, image.module_name);
    const UnwinderCopy own{module.bias.to_remote(image.own_unwinder->add),
                           module.bias.to_remote(image.own_unwinder->remove)};
    const auto is_this = [&](const UnwinderCopy& copy) { return module.contains(copy.add); };
    if (std::ranges::none_of(copies, is_this)) copies.push_back(own);
  }
  return copies;
}

bool has_frames(const patch::Image& image) {
  return image.eh_frame.size != 0 && image.unwind != patch::UnwindNeed::none;
}

/// How many unwinders that are loaded later an image has room for.
constexpr std::size_t late_tables = 2;
/// In the storage of a late table, behind libgcc's object: `add` and `remove`.
constexpr std::int64_t told_offset = 64;
/// The first word of an object that an unwinder of LLVM's was told of; libgcc writes another.
constexpr std::uint64_t mark = 1;

/// A late table as the target remembers it, whose object begins with `first`.
FrameTable as_told(FrameTable table, std::uint64_t first, const process::RemoteMemory& memory) {
  table.is_single = first == mark;
  std::array<std::uint64_t, 2> told{};
  if (memory.try_read(table.object + told_offset, std::as_writable_bytes(std::span(told)))) {
    table.add = {told[0]};
    table.remove = {told[1]};
  }
  return table;
}

/// Where the FDEs in an .eh_frame begin. Lengths and CIE pointers are no relocated fields (LSB, "Exception
/// Frames").
std::vector<std::int64_t> descriptions_in(ByteView frames) {
  std::vector<std::int64_t> found;
  for (std::uint64_t at = 0; at + 8 <= frames.size();) {
    const auto length = load<std::uint32_t>(frames, at);
    if (length == 0) break;
    if (load<std::uint32_t>(frames, at + 4) != 0) found.push_back(static_cast<std::int64_t>(at));
    at += 4 + std::uint64_t{length};
  }
  return found;
}

std::vector<PatchAddress> descriptions(const patch::Image& image) {
  std::vector<PatchAddress> found;
  for (const patch::Segment& segment : image.segments) {
    const std::int64_t from = image.eh_frame.begin - segment.address;
    if (from < 0 || static_cast<std::uint64_t>(from) + image.eh_frame.size > segment.bytes.size()) continue;
    for (const std::int64_t at : descriptions_in(
             ByteView(segment.bytes).subspan(static_cast<std::size_t>(from), image.eh_frame.size)))
      found.push_back(image.eh_frame.begin + at);
    return found;
  }
  return found;
}

/// What `copy` is to be told of `image`, one call each.
std::vector<PatchAddress> begins(const patch::Image& image, const UnwinderCopy& copy) {
  return copy.takes_single ? descriptions(image) : std::vector{image.eh_frame.begin};
}

/// What a table's unwinder is, or was, told in one call each.
std::vector<RemoteAddress> begins(const FrameTable& table, const process::RemoteMemory& memory) {
  if (!table.is_single || !table.is_late) return {table.eh_frame.begin};
  std::vector<RemoteAddress> found;
  for (const std::int64_t at : descriptions_in(memory.read(table.eh_frame.begin, table.eh_frame.size)))
    found.push_back(table.eh_frame.begin + at);
  return found;
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
  if (std::ranges::none_of(patch.images, has_frames)) return 0;
  std::size_t tables =
      late_tables * static_cast<std::size_t>(std::ranges::count_if(patch.images, has_frames));
  for (const UnwinderCopy& copy : unwinders(patch, memory, modules))
    for (const patch::Image& image : patch.images)
      if (has_frames(image)) tables += begins(image, copy).size();
  return tables;
}

std::vector<FrameTable> plan_frame_tables(const patch::Patch& patch, const resolve::ResolvedPatch& resolved,
                                          const process::RemoteMemory& memory,
                                          const std::vector<process::Module>& modules) {
  std::vector<FrameTable> tables;
  if (std::ranges::none_of(patch.images, has_frames)) return tables;
  if (must_unwind(patch, memory, modules)) refuse_unreachable(memory, modules);
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
    for (const UnwinderCopy& copy : copies)
      for (const PatchAddress begin : begins(image, copy)) {
        const auto size = static_cast<std::uint64_t>(image.eh_frame.end() - begin);
        tables.push_back({copy.add,
                          copy.remove,
                          {resolved.images[i].base.to_remote(begin), size},
                          object,
                          copy.takes_single});
        object = object + static_cast<std::int64_t>(frame_object_size);
      }
    for (std::size_t late = 0; late < late_tables; ++late) {
      const RemoteAddress begin = resolved.images[i].base.to_remote(image.eh_frame.begin);
      tables.push_back({{}, {}, {begin, image.eh_frame.size}, object, false, true});
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
      known.push_back(table.is_late ? as_told(table, word, memory) : table);
  }
  return known;
}

std::vector<FrameTable> untold_frame_tables(const process::RemoteMemory& memory,
                                            const std::vector<process::Module>& modules,
                                            const std::vector<FrameTable>& tables) {
  if (tables.empty()) return {};
  const auto known = known_frame_tables(memory, tables);
  const auto is_known = [&](const auto& agrees) { return std::ranges::any_of(known, agrees); };
  std::vector<FrameTable> untold;
  for (const UnwinderCopy& copy : exported_unwinders(memory, modules)) {
    std::set<RemoteAddress> seen;
    for (FrameTable table : tables) {
      const auto same_frames = [&](const FrameTable& other) { return other.eh_frame == table.eh_frame; };
      if (!table.is_late || seen.contains(table.eh_frame.begin) ||
          is_known([&](const FrameTable& other) { return other.object == table.object; }) ||
          is_known([&](const FrameTable& other) { return other.add == copy.add && same_frames(other); }) ||
          std::ranges::any_of(untold, [&](const FrameTable& other) { return other.object == table.object; }))
        continue;
      seen.insert(table.eh_frame.begin);
      table.add = copy.add;
      table.remove = copy.remove;
      table.is_single = copy.takes_single;
      untold.push_back(table);
    }
  }
  return untold;
}

namespace {

/// False when the unwinder was unloaded, and also where another library stands in its place. One that nobody
/// exports is part of a module that the patch is for.
bool is_unwinders(RemoteAddress remove, const process::RemoteMemory& memory,
                  const std::vector<process::Module>& modules, bool own_left) {
  const auto module =
      std::ranges::find_if(modules, [&](const process::Module& m) { return m.contains(remove); });
  if (module == modules.end()) return false;
  const auto exported = exported_unwinder(memory, *module);
  return exported ? exported->remove == remove : !own_left;
}

}  // namespace

void add_frame_tables(FunctionCaller& caller, const std::vector<FrameTable>& tables) {
  const auto set_mark = [&](const FrameTable& table) {
    caller.memory().write(table.object, std::as_bytes(std::span(&mark, 1)));
  };
  for (const FrameTable& table : tables) {
    if (!table.is_planned()) continue;
    const std::array told{table.add.value, table.remove.value};
    if (table.is_late) caller.memory().write(table.object + told_offset, std::as_bytes(std::span(told)));
    if (table.is_single && !table.is_late) set_mark(table);
    for (const RemoteAddress begin : begins(table, caller.memory()))
      caller.call(table.add, {begin.value, table.object.value, 0, 0});
    // Only now, for one mark stands for many: what is told twice is forgotten by being removed once.
    if (table.is_single && table.is_late) set_mark(table);
  }
}

void remove_frame_tables(FunctionCaller& caller, const std::vector<FrameTable>& tables,
                         const process::RemoteMemory& memory, const std::vector<process::Module>& modules,
                         bool own_left) {
  for (const FrameTable& table : known_frame_tables(memory, tables)) {
    if (!is_unwinders(table.remove, memory, modules, own_left)) continue;
    const auto told = begins(table, memory);
    for (std::size_t i = 0; i + 1 < told.size(); ++i) caller.call(table.remove, {told[i].value, 0, 0, 0});
    if (!told.empty()) caller.call_and_clear(table.remove, told.back().value, table.object);
  }
}

}  // namespace stent::call
