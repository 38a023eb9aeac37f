#include "create/emit/unit_debug_info.hpp"

#include "base/error.hpp"
#include "binary/dwarf/load_debug_info.hpp"

namespace stent::emit {

dwarf::DebugInfo unit_debug_info(const std::filesystem::path& object) {
  try {
    return dwarf::load_debug_info(object);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace stent::emit
