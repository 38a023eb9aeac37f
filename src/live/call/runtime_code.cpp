#include "live/call/runtime_code.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "live/resolve/exported_symbol.hpp"

namespace stent::call {
namespace {

constexpr std::array allocator_names{"malloc",         "free",        "calloc",
                                     "realloc",        "memalign",    "malloc_info",
                                     "posix_memalign", "malloc_trim", "malloc_stats"};
/// The internal functions of glibc's malloc stand below its exported ones (10.5 KiB in 2.36).
constexpr std::int64_t allocator_before = 24 << 10;
constexpr std::int64_t allocator_after = 4 << 10;

class Exports {
 public:
  Exports(const process::RemoteMemory& memory, const process::Module& module)
      : memory_(memory), module_(module) {}

  [[nodiscard]] std::optional<RemoteAddress> find(const char* name) const {
    return resolve::exported_symbol(memory_, module_, name);
  }

 private:
  const process::RemoteMemory& memory_;
  const process::Module& module_;
};

void add_text(const process::Module& module, const char* what, std::vector<unwind::CodePiece>& pieces) {
  for (const process::Segment& segment : module.segments)
    if (segment.permissions.execute) pieces.push_back({segment.range, what, false});
}

/// The C library's allocator, between and around the functions it exports.
void add_allocator(const Exports& exports, std::vector<unwind::CodePiece>& pieces) {
  RemoteAddress low{~std::uint64_t{0}}, high{0};
  for (const char* name : allocator_names)
    if (const auto at = exports.find(name)) {
      low = std::min(low, *at);
      high = std::max(high, *at);
    }
  const RemoteAddress begin = low - allocator_before;
  pieces.push_back(
      {{begin, static_cast<std::uint64_t>(high + allocator_after - begin)}, "the allocator", false});
}

}  // namespace

RuntimeCode find_runtime_code(const process::RemoteMemory& memory,
                              const std::vector<process::Module>& modules) {
  RuntimeCode code;
  bool unknown_allocator = false, any_allocator = false;
  for (const process::Module& module : modules) {
    if (!module.dynamic) {  // a static program holds its runtime amid its own code
      unknown_allocator = unknown_allocator || module.is_executable;
      continue;
    }
    const Exports exports(memory, module);
    if (exports.find("_rtld_global")) add_text(module, "the dynamic loader", code.pieces);
    if (!module.is_executable && exports.find("_Unwind_RaiseException"))
      add_text(module, "the unwinder", code.pieces);
    if (!exports.find("malloc") || exports.find("_rtld_global")) continue;
    any_allocator = true;
    if (exports.find("__libc_start_main"))
      add_allocator(exports, code.pieces);
    else if (module.is_executable)
      unknown_allocator = true;
    else
      add_text(module, "the allocator", code.pieces);
  }
  code.is_complete = any_allocator && !unknown_allocator;
  return code;
}

}  // namespace stent::call
