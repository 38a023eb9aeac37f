#include "live/resolve/exported_symbol.hpp"

#include "base/error.hpp"
#include "live/resolve/dynamic_symbols.hpp"

namespace stent::resolve {

std::optional<RemoteAddress> exported_symbol(const process::RemoteMemory& memory,
                                             const process::Module& module, const std::string& name) try {
  const auto symbols = DynamicSymbols::of(memory, module);
  const auto found = symbols ? symbols->find(name, "") : std::nullopt;
  if (!found || found->symbol.st_shndx == SHN_UNDEF) return std::nullopt;
  const auto type = ELF64_ST_TYPE(found->symbol.st_info);
  if (type == STT_GNU_IFUNC || type == STT_TLS) return std::nullopt;
  return found->address;
} catch (const Error&) {
  return std::nullopt;
}

}  // namespace stent::resolve
