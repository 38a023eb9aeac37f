// What a record tells of the code a patch has running in the target: unwinding, hooks, shadow data.
#pragma once

#include <string>
#include <vector>

#include "live/call/frame_tables.hpp"
#include "patch/patch.hpp"

namespace stent::transaction {

struct RecordedHook {
  patch::HookKind kind = patch::HookKind::pre_apply;
  std::string name;
  RemoteAddress address;
};

/// A module that functions are replaced in, as it was when the patch came.
struct RecordedModule {
  RemoteRange extent;
  std::string build_id;  ///< in hexadecimal
};

struct RecordedRuntime {
  std::string origin;  ///< the patch file it came from, for debuggers; empty when not known
  std::vector<call::FrameTable> frame_tables;
  bool must_unwind = false;  ///< the unwinders must know the tables
  std::vector<RecordedHook> hooks;
  RemoteAddress shadow_table;  ///< of the process; 0 when the patch uses none
  std::vector<RecordedModule> modules;

  [[nodiscard]] bool has_hooks(patch::HookKind kind) const;
};

/// Of a patch that is about to be applied to `target`, which has `modules`.
[[nodiscard]] RecordedRuntime runtime_of(const patch::Patch& patch, const resolve::ResolvedPatch& resolved,
                                         const process::Process& target,
                                         const std::vector<process::Module>& modules);

/// True when nobody was told of the call frames, and the program uses what loads an unwinder.
[[nodiscard]] bool may_load_unwinder(const RecordedRuntime& runtime, const process::Process& target,
                                     const std::vector<process::Module>& modules);

[[nodiscard]] Bytes serialise(const RecordedRuntime& runtime);
/// Throws `bad_input` on damage.
[[nodiscard]] RecordedRuntime parse_runtime(ByteView bytes);

}  // namespace stent::transaction
