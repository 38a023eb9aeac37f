// One line of /proc/PID/maps.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/pid.hpp"

namespace stent::process {

struct Permissions {
  bool read = false;
  bool write = false;
  bool execute = false;
  bool shared = false;
  bool operator==(const Permissions&) const = default;
};

/// One mapping of a target.
struct Mapping {
  RemoteRange range;
  Permissions permissions;
  FileOffset offset;         ///< of the mapped file, where there is one
  std::uint64_t device = 0;  ///< major << 32 | minor
  std::uint64_t inode = 0;   ///< 0: not a file
  std::string name;          ///< path, "[heap]", "[vdso]", "/memfd:NAME"; without the " (deleted)" mark
  bool deleted = false;      ///< the file was unlinked or replaced
  bool operator==(const Mapping&) const = default;
};

/// Parses the text of a maps file (proc(5)); throws `bad_input` on a line of another shape.
[[nodiscard]] std::vector<Mapping> parse_mappings(std::string_view text);

/// The mappings of a process, lowest first; read through a living thread when the leader has ended.
/// Throws `gone`, `not_permitted`.
[[nodiscard]] std::vector<Mapping> read_mappings(Pid pid);

/// The mapping that contains `at`, or null. `mappings` must be sorted, as `read_mappings` returns them.
[[nodiscard]] const Mapping* find_mapping(const std::vector<Mapping>& mappings, RemoteAddress at);

}  // namespace stent::process
