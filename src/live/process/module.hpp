// A module: an ELF image mapped in the target, found and described from the target's memory alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/build_id.hpp"
#include "live/process/mapping.hpp"
#include "live/process/module_memory.hpp"

namespace stent::process {

/// One PT_LOAD where it is mapped.
struct Segment {
  RemoteRange range;  ///< p_vaddr + bias, p_memsz (not rounded to pages)
  LinkAddress link;   ///< p_vaddr
  FileOffset offset;  ///< p_offset
  std::uint64_t file_size = 0;
  Permissions permissions;
};

struct Module {
  BuildId build_id;  ///< empty when the image carries none
  LoadBias bias;
  std::string name;            ///< path as in maps, or "[vdso]"
  bool is_executable = false;  ///< the program itself (contains the entry point the kernel started)
  RemoteAddress header;        ///< where its ELF header is
  std::uint16_t elf_type = 0;  ///< ET_EXEC or ET_DYN
  std::vector<Segment> segments;
  std::optional<RemoteRange> eh_frame_hdr;  ///< PT_GNU_EH_FRAME
  std::optional<RemoteRange> dynamic;       ///< PT_DYNAMIC
  std::optional<LinkRange> tls;             ///< PT_TLS: initial image (size: p_memsz)

  /// From the lowest segment's begin to the highest one's end.
  [[nodiscard]] RemoteRange extent() const;
  /// True when `at` is in one of the segments.
  [[nodiscard]] bool contains(RemoteAddress at) const;
};

/// Every module among `mappings`, lowest first. Works for deleted and replaced files. `entry` is the address
/// of the program's headers (AT_PHDR of /proc/PID/auxv), which tells which module is the executable; 0 if
/// unknown.
[[nodiscard]] std::vector<Module> find_modules(const std::vector<Mapping>& mappings,
                                               const ModuleMemory& memory,
                                               RemoteAddress program_headers = {});

/// Describes the ELF image whose header is at `header`; empty when there is no well-formed 64-bit image.
[[nodiscard]] std::optional<Module> describe_module(const RemoteMemory& memory, RemoteAddress header);

}  // namespace stent::process
