#include "live/resolve/dynamic_section.hpp"

#include <algorithm>

namespace stent::resolve {

DynamicSection::DynamicSection(const process::RemoteMemory& memory, const process::Module& module) {
  if (!module.dynamic) return;
  entries_.resize(module.dynamic->size / sizeof(Elf64_Dyn));
  memory.read(module.dynamic->begin, std::as_writable_bytes(std::span(entries_)));
  entries_.erase(std::ranges::find(entries_, DT_NULL, &Elf64_Dyn::d_tag), entries_.end());
}

std::uint64_t DynamicSection::value(std::int64_t tag) const {
  const auto found = std::ranges::find(entries_, tag, &Elf64_Dyn::d_tag);
  return found == entries_.end() ? 0 : found->d_un.d_val;
}

}  // namespace stent::resolve
