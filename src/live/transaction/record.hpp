// Record: what a patch leaves inside the target about itself; with its mapping, the only database there is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/build_id.hpp"
#include "live/resolve/resolved_patch.hpp"
#include "live/transaction/recorded_runtime.hpp"
#include "patch/patch.hpp"

namespace stent::transaction {

enum class RecordState : std::uint32_t {
  preparing = 1,    ///< nothing is redirected
  redirecting = 2,  ///< jumps may have been written
  applied = 3,
  reverting = 4,  ///< jumps may have been taken back
  retained = 5,   ///< reverted; the memory is kept because something may still point into it
};

[[nodiscard]] std::string to_string(RecordState state);

/// Padding of the module that holds the jump of a function too short for it.
struct RecordedIsland {
  RemoteAddress at;
  Bytes before, written;
  [[nodiscard]] RemoteRange range() const { return {at, written.size()}; }
};

struct RecordedFunction {
  std::string name;
  std::string module;
  RemoteAddress entry;
  RemoteAddress replacement;
  Bytes before;                             ///< what the entry held
  Bytes written;                            ///< what this patch wrote there
  std::vector<RemoteRange> module_extents;  ///< where the module's own code of it is; the entry's first
  std::vector<RemoteRange> new_extents;
  std::uint64_t before_offset = 0;  ///< of `before` in the serialised record; set by `serialise` and `parse`
  std::optional<RecordedIsland> island{};
  std::uint64_t destroys = 0;  ///< x86_64::RegisterSet that the new code may destroy
  bool departed = false;       ///< not recorded: see `mark_departed`
};

/// One mapping of the patch; the record's own comes first.
struct RecordedPiece {
  RemoteRange range;
  patch::SegmentKind kind = patch::SegmentKind::constants;
  FileOffset file_offset{};  ///< in the patch file, where it is mapped from there; 0: memory of its own
};

/// New static data that the patch uses: its own, or an earlier patch's.
struct RecordedVariable {
  BuildId module;
  patch::NewVariable variable;  ///< as in the patch, but for the address
  RemoteAddress address;
};

/// A function of the target on whose leaving registers alone the new code relies.
struct RecordedReliance {
  std::string name;
  RemoteAddress entry;
  std::uint64_t registers = 0;  ///< x86_64::RegisterSet
};

struct Record {
  RecordState state = RecordState::preparing;
  BuildId id;
  std::string name;
  std::string description;
  std::int64_t applied_at = 0;
  std::uint64_t order = 0;        ///< counts the patches of one process upwards
  std::vector<BuildId> replaces;  ///< patches that leave when this one comes
  patch::Consistency consistency = patch::Consistency::all;
  bool removable = false;  ///< nothing outside the patch can hold an address of it after a revert
  std::vector<RecordedPiece> pieces;
  std::vector<RemoteRange> eh_frame_headers;
  std::vector<RecordedFunction> functions;
  std::vector<RecordedVariable> variables;
  std::vector<RecordedReliance> relies_on;
  RecordedRuntime runtime;
};

/// Magic, version and state stand at fixed offsets, so that the state changes by one small write.
inline constexpr std::uint64_t record_state_offset = 24;
inline constexpr std::uint64_t record_head_size = 40;

/// Fills the functions' `before_offset`.
[[nodiscard]] Bytes serialise(Record& record);

/// Bytes of the whole record whose first `record_head_size` bytes are `head`; 0 when that is no record of a
/// version known here.
[[nodiscard]] std::uint64_t record_size(ByteView head);

/// Throws `bad_input` on damage.
[[nodiscard]] Record parse_record(ByteView bytes);

}  // namespace stent::transaction
