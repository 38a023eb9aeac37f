#include "live/resolve/dynamic_lookup.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"

namespace stent::resolve {
namespace {

bool is_code_of(const process::Module& module, RemoteAddress at) {
  return std::ranges::any_of(module.segments, [at](const process::Segment& segment) {
    return segment.permissions.execute && segment.range.contains(at);
  });
}

void refuse_thread_local(const std::string& name, const DynamicDefinition& found) {
  if (ELF64_ST_TYPE(found.symbol.st_info) != STT_TLS) return;
  throw Error(ErrorCode::refused,
              fmt::format("{} is a thread-local symbol, which a patch cannot bind by name", name),
              "use it only in modules that define it, or that used it before");
}

}  // namespace

std::optional<RemoteAddress> DynamicLookup::find(const std::string& name, const std::string& version,
                                                 const process::Module& module) const {
  const Scope scope = loader_->scope_of(module);
  std::optional<RemoteAddress> result;
  for (const process::Module& candidate : scope.modules) {
    const auto symbols = DynamicSymbols::of(*memory_, candidate);
    const auto found = symbols ? symbols->find(name, version) : std::nullopt;
    if (!found) continue;
    refuse_thread_local(name, *found);
    const bool is_indirect = ELF64_ST_TYPE(found->symbol.st_info) == STT_GNU_IFUNC;
    const RemoteAddress address = is_indirect ? chosen(name, *found, *symbols, scope) : found->address;
    if (scope.is_loaders_own) return address;
    if (result && *result != address)
      throw Error(
          ErrorCode::refused,
          fmt::format("several modules of the target define {}, and which of them {} would get is not "
                      "known: its dynamic loader is not one that stent understands",
                      name, module.name),
          "write the fix without this function");
    result = address;
  }
  return result;
}

/// What the resolver chose stands in the slots that the loader filled: the owner's own one for this resolver,
/// or that of a module which imports the symbol. Where nothing has used it yet, the resolver is asked.
RemoteAddress DynamicLookup::chosen(const std::string& name, const DynamicDefinition& indirect,
                                    const DynamicSymbols& owner, const Scope& scope) const {
  const auto fits = [&](const FilledSlot& slot) {
    const RemoteAddress value{slot.value};
    return value != indirect.address && is_code_of(owner.module(), value);
  };
  for (const FilledSlot& slot : owner.filled_slots())
    if (slot.type == R_X86_64_IRELATIVE &&
        static_cast<std::uint64_t>(slot.addend) == indirect.symbol.st_value && fits(slot))
      return {slot.value};
  for (const process::Module& module : scope.modules) {
    const auto symbols = DynamicSymbols::of(*memory_, module);
    if (!symbols) continue;
    for (const FilledSlot& slot : symbols->filled_slots()) {
      if (slot.symbol != name || !fits(slot)) continue;
      const auto meant = owner.find(name, slot.version);
      if (meant && meant->symbol.st_value == indirect.symbol.st_value) return {slot.value};
    }
  }
  return (*ask_)(indirect.address);
}

}  // namespace stent::resolve
