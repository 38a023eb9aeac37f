// Telling the target's unwinders of a patch's call frame tables, and taking them back.
#pragma once

#include <string>
#include <vector>

#include "live/call/function_caller.hpp"
#include "live/process/module.hpp"
#include "live/resolve/resolved_patch.hpp"
#include "patch/patch.hpp"

namespace stent::call {

/// What one copy of the unwinder is told in one call. Some are kept for unwinders that are loaded later:
/// their `add` is zero until one is told. Of libgcc's, a whole .eh_frame: `object` is storage of ours that it
/// links into its list, so nothing is allocated. Of LLVM's, one FDE, and `object` is a mark of ours; loaded
/// later, all FDEs of an .eh_frame with one mark.
struct FrameTable {
  RemoteAddress add;  ///< __register_frame_info_bases(begin, object, 0, 0), or __unw_add_dynamic_fde(begin)
  RemoteAddress remove;  ///< __deregister_frame_info_bases(begin), or __unw_remove_dynamic_fde(begin)
  RemoteRange eh_frame;  ///< from `begin` to the end of the section
  /// Its first word is zero while nothing is registered. libgcc's function makes it non-zero by its first
  /// store.
  RemoteAddress object;
  bool is_single = false;  ///< LLVM's; to remove what was not added does nothing there
  bool is_late = false;    ///< kept for later; what was told stands in the target, behind the object

  [[nodiscard]] bool is_planned() const { return add.value != 0; }
};

/// Bytes of storage for one object; libgcc's has 48.
inline constexpr std::uint64_t frame_object_size = 128;

/// How many tables `patch` needs at most in a target with these modules.
[[nodiscard]] std::size_t frame_tables_wanted(const patch::Patch& patch, const process::RemoteMemory& memory,
                                              const std::vector<process::Module>& modules);

/// One for each image with call frames and each copy of the unwinder that can be reached: those that modules
/// export and the module's own; for each FDE with LLVM's. Objects stand one after the other in the room for
/// working data. Throws `refused` when exceptions may pass through the patch, and no unwinder or not every
/// one can be told.
[[nodiscard]] std::vector<FrameTable> plan_frame_tables(const patch::Patch& patch,
                                                        const resolve::ResolvedPatch& resolved,
                                                        const process::RemoteMemory& memory,
                                                        const std::vector<process::Module>& modules);

/// What `tables` still have to be told to: unwinders that were loaded after the patch was applied.
[[nodiscard]] std::vector<FrameTable> untold_frame_tables(const process::RemoteMemory& memory,
                                                          const std::vector<process::Module>& modules,
                                                          const std::vector<FrameTable>& tables);

/// What an unwinder that is not gcc's makes of it, `known_frame_tables` tells.
void add_frame_tables(FunctionCaller& caller, const std::vector<FrameTable>& tables);

/// True when an exception may pass through the patch: its images say so, or the process has a C++ runtime.
[[nodiscard]] bool must_unwind(const patch::Patch& patch, const process::RemoteMemory& memory,
                               const std::vector<process::Module>& modules);

/// Those of `tables` that the target knows.
[[nodiscard]] std::vector<FrameTable> known_frame_tables(const process::RemoteMemory& memory,
                                                         const std::vector<FrameTable>& tables);

/// Takes back what the target knows of `tables`; a copy of the unwinder that is no longer loaded is passed
/// over. `own_left`: a module that the patch is for has left, and with it the unwinder that it may hold.
void remove_frame_tables(FunctionCaller& caller, const std::vector<FrameTable>& tables,
                         const process::RemoteMemory& memory, const std::vector<process::Module>& modules,
                         bool own_left);

}  // namespace stent::call
