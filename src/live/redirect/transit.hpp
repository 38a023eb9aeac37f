// Transit: what lets a change of code in several pages happen in one write.
//
// While the change is made, each entry first jumps to a stub, `jmp *slot`, that leads to the old code:
// through the moved first instructions of the function, or straight to an earlier patch. All slots and a word
// that says what was decided lie in one page, the head. One write to it makes all functions new. Only then do
// the entries get their final bytes. Whoever finds a transit in a target after a killed stent knows from its
// head whether to go on or to go back, and from its list what to write.
#pragma once

#include <cstdint>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "live/process/mapping.hpp"
#include "live/process/remote_memory.hpp"

namespace stent::redirect {

enum class Decision : std::uint32_t { old_code = 1, new_code = 2 };

/// One place of a transit, an entry or an island: what it holds before, meanwhile and afterwards. Meanwhile
/// a short function's entry leads to its island, and the island to the stub; an island that nothing leads to
/// stays as it was.
struct Passage {
  RemoteAddress place;
  Bytes before, meanwhile, after;
  std::uint64_t old_way = 0, new_way = 0;  ///< what its slot holds for either decision; 0: no stub

  [[nodiscard]] bool has_stub() const { return old_way != 0; }
};

struct Transit {
  RemoteRange head;  ///< decision and slots: the head page, and after it the list
  Decision decision = Decision::old_code;
  std::vector<RemoteRange> stubs;  ///< code
  std::vector<Passage> passages;

  /// The bytes of the head page from its decision to its last slot, and where they go.
  [[nodiscard]] Bytes decided(Decision decision) const;
  [[nodiscard]] RemoteAddress decision_at() const;
  /// Those that lead to stubs meanwhile: who stands there when they change would execute padding.
  [[nodiscard]] std::vector<RemoteRange> islands() const;
};

/// As many places can switch by one write within one page.
inline constexpr std::size_t most_slots = 500;

[[nodiscard]] RemoteAddress slot_address(RemoteAddress head, std::size_t index);

/// Bytes that a head with its list needs.
[[nodiscard]] std::uint64_t head_room(std::size_t passages, std::size_t stub_ranges);

[[nodiscard]] Bytes serialise(const Transit& transit);

/// The transits found in a target: what a killed stent left. Throws `bad_input` on a damaged one.
[[nodiscard]] std::vector<Transit> find_transits(const std::vector<process::Mapping>& mappings,
                                                 const process::RemoteMemory& memory);

/// Mappings of a transit bear this name.
inline constexpr const char* transit_name = "stent:transit";

}  // namespace stent::redirect
