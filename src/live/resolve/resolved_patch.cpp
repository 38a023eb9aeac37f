#include "live/resolve/resolved_patch.hpp"

#include <elf.h>
#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"
#include "binary/arch/x86_64/decode.hpp"
#include "binary/arch/x86_64/jump.hpp"
#include "live/resolve/bind_values.hpp"
#include "live/resolve/dynamic_lookup.hpp"
#include "live/resolve/pre_image.hpp"
#include "live/resolve/window.hpp"
#include "patch/assign_islands.hpp"

namespace stent::resolve {
namespace {

constexpr std::uint64_t page = 4096;
/// Where the addresses that fit a sign-extended field of 32 bits end, for code that is not
/// position-independent.
constexpr std::uint64_t low_end = 0x7fff'f000;

/// A landing pad stays where it is and the jump goes behind it, so that indirect calls remain legal under
/// IBT.
std::int64_t bytes_kept(const patch::ReplacedFunction& function) {
  const Bytes& code = function.extents[0].pre_image;
  const std::size_t pad = x86_64::landing_pad_size(code);
  return code.size() >= pad + x86_64::near_jump_size ? static_cast<std::int64_t>(pad) : 0;
}

std::size_t jump_size(const patch::ReplacedFunction& function) {
  return patch::needs_island(function) ? x86_64::short_jump_size : x86_64::near_jump_size;
}

/// True when `code` at `at` may branch to an address inside the redirect (its first byte is a fine place to
/// enter).
bool may_enter(ByteView code, LinkAddress at, LinkRange redirect) {
  const auto instructions = x86_64::decode(code);
  if (instructions.empty() || instructions.back().end() != code.size()) return true;
  return std::ranges::any_of(instructions, [&](const x86_64::Instruction& instruction) {
    if (!instruction.branch_target || redirect.contains(at + instruction.offset)) return false;
    const LinkAddress to = at + *instruction.branch_target;
    return redirect.contains(to) && to != redirect.begin;
  });
}

/// Threads that stay in the old code (`entry`) must not come back into the bytes of the redirect. When all
/// switch together nobody is left in there.
void refuse_loops(const patch::ReplacedFunction& function) {
  const LinkRange redirect{function.entry() + bytes_kept(function), jump_size(function)};
  for (const patch::Extent& extent : function.extents)
    if (may_enter(extent.pre_image, extent.range.begin, redirect))
      throw Error(
          ErrorCode::refused,
          fmt::format("{} branches back into its first bytes, where threads that finish it in the old code "
                      "would meet the redirect",
                      function.name),
          "let all functions switch together instead (consistency all)");
}

/// Padding behind a short function counts as the function's, and an earlier patch may have taken it.
void refuse_lent_padding(const patch::ReplacedFunction& function, const process::Module& module,
                         std::span<const EarlierRedirect> earlier) {
  const RemoteRange own = module.bias.to_remote(function.extents[0].range);
  for (const EarlierRedirect& redirect : earlier)
    if (redirect.island.size != 0 && redirect.island.overlaps(own))
      throw Error(
          ErrorCode::refused,
          fmt::format("the padding behind {} holds the jump of another short function, which an earlier "
                      "patch replaces",
                      function.name),
          "revert that patch, and apply it again after this one");
}

ResolvedFunction resolve_function(const patch::ReplacedFunction& function, const process::Module& module,
                                  PatchBase base, const process::RemoteMemory& memory,
                                  std::span<const EarlierRedirect> earlier) {
  if (function.extents.empty() || function.extents[0].range.size < jump_size(function))
    throw Error(ErrorCode::refused,
                fmt::format("{} is shorter than the {} bytes of a jump", function.name, jump_size(function)),
                "a function this short cannot be redirected; replace its callers instead");
  refuse_lent_padding(function, module, earlier);
  verify_pre_image(function, module, memory, earlier);
  ResolvedFunction result;
  result.name = function.name;
  result.module = module.name;
  result.entry = module.bias.to_remote(function.entry()) + bytes_kept(function);
  result.replacement = base.to_remote(function.replacement);
  result.destroys = function.destroys;
  result.present = memory.read(result.entry, jump_size(function));
  for (const patch::Extent& extent : function.extents)
    result.module_extents.push_back(module.bias.to_remote(extent.range));
  for (const PatchRange& extent : function.new_extents) result.new_extents.push_back(base.to_remote(extent));
  return result;
}

/// Those of one image, which `functions` are.
void choose_islands(const patch::Image& image, std::span<ResolvedFunction> functions,
                    const process::Module& module, const process::RemoteMemory& memory,
                    std::span<const EarlierRedirect> earlier) {
  const auto is_claimed = [&](RemoteRange range) {
    return std::ranges::any_of(earlier, [&](const EarlierRedirect& redirect) {
      return std::ranges::any_of(redirect.claimed,
                                 [&](const RemoteRange& claimed) { return claimed.overlaps(range); });
    });
  };
  // An upgrade may go on with the padding of what it replaces.
  const auto is_handed_on = [&](const ResolvedFunction& function, RemoteRange range, const Bytes& padding) {
    return std::ranges::any_of(earlier, [&](const EarlierRedirect& redirect) {
      return redirect.leaves && redirect.entry == function.entry && redirect.island == range &&
             redirect.island_before == padding;
    });
  };
  const auto islands = patch::assign_islands(image, [&](std::size_t i, const patch::Extent& island) {
    const RemoteRange range = module.bias.to_remote(island.range);
    if (is_handed_on(functions[i], range, island.pre_image)) return true;
    return !is_claimed(range) && memory.read(range.begin, range.size) == island.pre_image;
  });
  for (std::size_t i = 0; i < islands.size(); ++i)
    if (islands[i])
      functions[i].island = {module.bias.to_remote(islands[i]->range.begin), islands[i]->pre_image};
}

process::Mapping occupied(RemoteRange range) {
  process::Mapping mapping;
  mapping.range = range;
  return mapping;
}

std::uint64_t page_up(std::uint64_t size) { return (size + page - 1) / page * page; }

bool uses_shadow_data(const patch::Patch& patch) {
  return std::ranges::any_of(patch.images, [](const patch::Image& image) {
    return std::ranges::any_of(image.bindings, [](const patch::Binding& binding) {
      return std::holds_alternative<patch::ShadowTable>(binding.where);
    });
  });
}

using EarlierAddresses = std::vector<std::vector<std::optional<RemoteAddress>>>;

/// Everything that fields of 32 bits in an image may have to reach.
RemoteRange to_reach(const process::Module& module, const patch::Image& image,
                     const std::vector<std::optional<RemoteAddress>>& variables) {
  RemoteAddress begin = module.extent().begin, end = module.extent().end();
  for (std::size_t i = 0; i < variables.size(); ++i) {
    if (!variables[i]) continue;
    begin = std::min(begin, *variables[i]);
    end = std::max(end, *variables[i] + static_cast<std::int64_t>(image.variables[i].size));
  }
  return {begin, static_cast<std::uint64_t>(end - begin)};
}

/// A window and a base for each image; the record's room comes first in the first one.
void place_images(ResolvedPatch& result, const patch::Patch& patch, const process::Process& target,
                  const std::vector<process::Module>& modules, std::vector<process::Mapping> mappings,
                  const EarlierAddresses& variables, const Reserve& reserve) {
  const AddressLimits everywhere = read_address_limits(target.pid());
  const bool new_shadow_table = uses_shadow_data(patch) && reserve.shadow_table.value == 0;
  const std::uint64_t record = page_up(reserve.record);
  const std::uint64_t working = page_up(reserve.working) + (new_shadow_table ? page : 0);
  std::uint64_t before = record + working;
  const std::uint64_t seed = load<std::uint64_t>(patch.id.bytes, 0);
  for (std::size_t i = 0; i < patch.images.size(); ++i) {
    const patch::Image& image = patch.images[i];
    const process::Module& module = find_module(modules, image.module, image.module_name);
    AddressLimits limits = everywhere;
    if (module.elf_type == ET_EXEC) limits.highest = {low_end};
    const RemoteRange window = own_window(mappings, to_reach(module, image, variables[i]),
                                          before + image.window_size(), limits, seed);
    if (result.images.empty()) {
      result.record = {window.begin, record};
      result.working = {result.record.end(), working};
      if (uses_shadow_data(patch))
        result.shadow_table =
            new_shadow_table ? result.working.end() - static_cast<std::int64_t>(page) : reserve.shadow_table;
    }
    result.images.push_back(
        {module.name, window, PatchBase{window.begin + static_cast<std::int64_t>(before)}, {}, std::nullopt});
    mappings.push_back(occupied(window));
    std::ranges::sort(mappings, {}, &process::Mapping::range);
    before = 0;
  }
}

}  // namespace

ResolvedPatch resolve(const patch::Patch& patch, const process::Process& target,
                      const std::vector<process::Mapping>& mappings, const Lineage& lineage,
                      const Reserve& reserve, const AskResolver& ask) {
  const auto modules = target.modules(mappings);
  if (patch.images.empty())
    throw Error(ErrorCode::bad_input, "the patch replaces nothing",
                "create it again from a fix that changes code");
  ResolvedPatch result;
  EarlierAddresses variables;
  for (const patch::Image& image : patch.images) variables.push_back(find_earlier(image, lineage.variables));
  place_images(result, patch, target, modules, mappings, variables, reserve);

  std::vector<PatchBase> bases;
  for (const ResolvedImage& image : result.images) bases.push_back(image.base);
  const LoaderView loader(target.module_memory(), modules);
  const DynamicLookup symbols(target.module_memory(), loader, ask);
  const BindingSpace space{&modules, &loader, &symbols, &bases, &ask, result.shadow_table, &variables};
  for (std::size_t i = 0; i < patch.images.size(); ++i) {
    const patch::Image& image = patch.images[i];
    const process::Module& module = find_module(modules, image.module, image.module_name);
    if (patch.consistency == patch::Consistency::entry)
      for (const patch::ReplacedFunction& function : image.replaced) refuse_loops(function);
    for (const patch::ReplacedFunction& function : image.replaced)
      result.functions.push_back(
          resolve_function(function, module, bases[i], target.memory(), lineage.redirects));
    choose_islands(image, std::span(result.functions).last(image.replaced.size()), module, target.memory(),
                   lineage.redirects);
    result.images[i].segments = link::link(image, bases[i], bind_values(patch, i, space));
    for (std::size_t v = 0; v < image.variables.size(); ++v)
      result.images[i].variables.push_back(
          variables[i][v].value_or(bases[i].to_remote(image.variables[v].address)));
    if (image.eh_frame_hdr.size != 0) result.images[i].eh_frame_hdr = bases[i].to_remote(image.eh_frame_hdr);
  }
  return result;
}

}  // namespace stent::resolve
