// ReadySwitch: a change of code whose transit, where it needs one, is mapped in the target.
#pragma once

#include <optional>
#include <vector>

#include "live/redirect/switch.hpp"
#include "live/stop/session.hpp"
#include "live/transaction/placement.hpp"

namespace stent::transaction {

class ReadySwitch {
 public:
  /// With `together`, writes that lie in several pages get a transit. Throws as redirect::plan_transit and
  /// Placement.
  ReadySwitch(stop::Session& session, std::vector<redirect::JumpWrite> writes, bool together);
  ReadySwitch(const ReadySwitch&) = delete;
  ReadySwitch& operator=(const ReadySwitch&) = delete;
  /// Unmaps the transit, unless an entry still leads into it.
  ~ReadySwitch();

  [[nodiscard]] const redirect::Switch& get() const { return switch_; }

 private:
  stop::Session* session_;
  std::optional<Placement> transit_;
  redirect::Switch switch_;
};

/// The mappings of a transit, the head first.
[[nodiscard]] std::vector<RecordedPiece> pieces_of(const redirect::Transit& transit);

}  // namespace stent::transaction
