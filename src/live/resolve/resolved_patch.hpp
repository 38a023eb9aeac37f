// ResolvedPatch: everything that will be written into one target, computed before it is touched.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "live/process/process.hpp"
#include "live/resolve/dynamic_lookup.hpp"
#include "live/resolve/earlier_redirect.hpp"
#include "live/resolve/earlier_variable.hpp"
#include "patch/link/link.hpp"
#include "patch/patch.hpp"

namespace stent::resolve {

/// The padding that holds the jump of a function too short for it.
struct ResolvedIsland {
  RemoteAddress at;
  Bytes present;
};

struct ResolvedFunction {
  std::string name;
  std::string module;
  RemoteAddress entry;
  RemoteAddress replacement;
  Bytes present;  ///< what the entry holds now (the size of its jump): the pre-image, or an earlier patch's
                  ///< redirect
  std::vector<RemoteRange> module_extents;  ///< in the module; the entry's first
  std::vector<RemoteRange> new_extents;
  std::uint64_t destroys = 0;              ///< as in the patch
  std::optional<ResolvedIsland> island{};  ///< its entry holds a short jump to it
};

struct ResolvedImage {
  std::string module;
  RemoteRange window;  ///< all of it, the room for the record included
  PatchBase base;
  std::vector<link::LinkedSegment> segments;
  std::optional<RemoteRange> eh_frame_hdr;
  std::vector<RemoteAddress> variables{};  ///< where those of the image are, an earlier patch's included
};

struct ResolvedPatch {
  RemoteRange record;  ///< room for the record: the first pages of the first image's window
  /// Writable room for what stent keeps in the target besides, after the record; size 0: none.
  RemoteRange working;
  RemoteAddress shadow_table;  ///< of the process, when the patch uses it: an earlier one, else in `working`
  std::vector<ResolvedImage> images;
  std::vector<ResolvedFunction> functions;
};

/// What is to be kept free in the first image's window, or is there already.
struct Reserve {
  std::uint64_t record = 0;    ///< bytes for the record
  std::uint64_t working = 0;   ///< bytes for other things of stent's
  RemoteAddress shadow_table;  ///< the one the process has; 0: none yet
};

/// What earlier patches left in the target that a new one has to fit in with.
struct Lineage {
  std::span<const EarlierRedirect> redirects;
  std::span<const EarlierVariable> variables;  ///< oldest first; none: every variable begins anew
};

/// Finds the modules of `patch` among `mappings` of `target`, compares every pre-image in memory, chooses
/// addresses, resolves bindings and relocates. Reads only, but for what `ask` does. Throws `mismatch` (module
/// not there, pre-image differs, symbol missing), `refused`.
[[nodiscard]] ResolvedPatch resolve(const patch::Patch& patch, const process::Process& target,
                                    const std::vector<process::Mapping>& mappings, const Lineage& lineage,
                                    const Reserve& reserve, const AskResolver& ask);

}  // namespace stent::resolve
