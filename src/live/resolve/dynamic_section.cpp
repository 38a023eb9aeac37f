#include "live/resolve/dynamic_section.hpp"

#include <elf.h>

namespace stent::resolve {

std::map<std::int64_t, std::uint64_t> read_dynamic(const process::RemoteMemory& memory,
                                                   const process::Module& module) {
  std::map<std::int64_t, std::uint64_t> entries;
  if (!module.dynamic) return entries;
  const Bytes bytes = memory.read(module.dynamic->begin, module.dynamic->size);
  for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= bytes.size(); at += sizeof(Elf64_Dyn)) {
    const auto entry = load<Elf64_Dyn>(bytes, at);
    if (entry.d_tag == DT_NULL) break;
    entries.try_emplace(entry.d_tag, entry.d_un.d_val);
  }
  return entries;
}

}  // namespace stent::resolve
