#include "live/redirect/switch.hpp"

#include <algorithm>

namespace stent::redirect {

Switch::Switch(std::vector<JumpWrite> writes, Transit transit)
    : writes_(std::move(writes)), transit_(std::move(transit)) {
  for (const Passage& passage : transit_->passages) {
    if (passage.before != passage.meanwhile)
      to_stubs_.push_back({"", passage.place, passage.before, passage.meanwhile, {}});
    if (passage.meanwhile != passage.after)
      from_stubs_.push_back({"", passage.place, passage.meanwhile, passage.after, {}});
  }
}

void Switch::touch(process::RemoteMemory& memory) const {
  redirect::touch(memory, writes_);
  if (transit_) memory.write(transit_->decision_at(), memory.read(transit_->decision_at(), 1));
}

const JumpWrite* Switch::first_changed(const process::RemoteMemory& memory) const {
  return redirect::first_changed(memory, writes_);
}

void Switch::make(process::RemoteMemory& memory) const {
  if (!transit_) return write_all(memory, writes_);
  write_all(memory, to_stubs_);  // every thread still finds the old code
  try {
    memory.write(transit_->decision_at(), transit_->decided(Decision::new_code));  // and from here on the new
    try {
      write_all(memory, from_stubs_);
    } catch (...) {
      memory.write(transit_->decision_at(), transit_->decided(Decision::old_code));
      throw;
    }
  } catch (...) {
    write_all(memory, reversed(to_stubs_));
    throw;
  }
}

bool in_use(const Transit& transit, const process::RemoteMemory& memory) {
  return std::ranges::any_of(transit.passages, [&](const Passage& passage) {
    return passage.has_stub() && memory.read(passage.place, passage.meanwhile.size()) == passage.meanwhile;
  });
}

std::vector<JumpWrite> left_to_do(const Transit& transit, const process::RemoteMemory& memory) {
  std::vector<JumpWrite> writes;
  for (const Passage& passage : transit.passages) {
    const Bytes& wanted = transit.decision == Decision::old_code ? passage.before : passage.after;
    if (wanted != passage.meanwhile &&
        memory.read(passage.place, passage.meanwhile.size()) == passage.meanwhile)
      writes.push_back(
          {"a function of a change that was interrupted", passage.place, passage.meanwhile, wanted, {}});
  }
  return writes;
}

}  // namespace stent::redirect
