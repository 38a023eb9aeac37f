#include "live/resolve/link_map.hpp"

#include <elf.h>
#include <link.h>

#include <algorithm>

namespace stent::resolve {
namespace {

constexpr std::size_t module_limit = 4096;

RemoteAddress address_of(const void* pointer) { return {reinterpret_cast<std::uint64_t>(pointer)}; }

}  // namespace

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

std::vector<process::Module> search_order(const process::RemoteMemory& memory,
                                          const std::vector<process::Module>& modules) {
  std::vector<process::Module> order;
  const auto executable = std::ranges::find_if(modules, &process::Module::is_executable);
  if (executable != modules.end()) {
    const auto entries = read_dynamic(memory, *executable);
    const auto debug = entries.find(DT_DEBUG);
    if (debug != entries.end() && debug->second != 0) {
      RemoteAddress at = address_of(memory.read_value<r_debug>({debug->second}).r_map);
      for (std::size_t i = 0; at.value != 0 && i < module_limit; ++i) {
        const auto entry = memory.read_value<::link_map>(at);
        const auto found = std::ranges::find_if(modules, [&](const process::Module& module) {
          return module.dynamic && module.dynamic->begin == address_of(entry.l_ld);
        });
        if (found != modules.end()) order.push_back(*found);
        at = address_of(entry.l_next);
      }
    }
    if (order.empty()) order.push_back(*executable);
  }
  if (order.size() > 1) return order;
  for (const process::Module& module : modules)
    if (!module.is_executable) order.push_back(module);
  return order;
}

}  // namespace stent::resolve
