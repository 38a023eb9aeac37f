#include "live/transaction/ready_switch.hpp"

#include "base/error.hpp"
#include "live/redirect/plan_transit.hpp"

namespace stent::transaction {

std::vector<RecordedPiece> pieces_of(const redirect::Transit& transit) {
  std::vector<RecordedPiece> pieces{{transit.head, patch::SegmentKind::constants}};
  for (const RemoteRange& range : transit.stubs) pieces.push_back({range, patch::SegmentKind::code});
  return pieces;
}

ReadySwitch::ReadySwitch(stop::Session& session, std::vector<redirect::JumpWrite> writes, bool together)
    : session_(&session) {
  if (!together || redirect::is_one_page(writes)) {
    switch_ = redirect::Switch(std::move(writes));
    return;
  }
  redirect::PlannedTransit planned = redirect::plan_transit(writes, session.target());
  std::vector<Bytes> contents{planned.head};
  contents.insert(contents.end(), planned.stubs.begin(), planned.stubs.end());
  transit_.emplace(session, redirect::transit_name, pieces_of(planned.transit), contents);
  switch_ = redirect::Switch(std::move(writes), std::move(planned.transit));
}

ReadySwitch::~ReadySwitch() {
  if (!transit_) return;
  try {
    if (redirect::in_use(*switch_.transit(), session_->target().memory())) transit_->keep();
  } catch (const Error&) {  // not readable: whoever comes next decides
    transit_->keep();
  }
}

}  // namespace stent::transaction
