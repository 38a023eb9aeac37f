#include "live/publish/is_outside.hpp"

#include "binary/arch/x86_64/jump.hpp"

namespace stent::publish {

unwind::ForbiddenCode first_bytes_of(std::span<const Site> sites) {
  std::vector<unwind::CodePiece> pieces;
  for (const Site& site : sites)
    if (!x86_64::near_jump_target(site.write.before, site.write.entry.value))
      pieces.push_back({{site.write.entry, site.write.before.size()}, site.write.function, true});
  return unwind::ForbiddenCode(std::move(pieces));
}

unwind::Intruder nobody_known(const process::Process& target, const std::string& reason) {
  unwind::Intruder intruder;
  intruder.tid = {target.pid().value};
  intruder.comm = target.name();
  intruder.reason = reason;
  return intruder;
}

IsOutside::IsOutside(const process::Process& target, unwind::Unwinder& unwinder,
                     const unwind::ForbiddenCode& inside)
    : target_(&target), inside_(&inside), check_(target.memory(), unwinder, inside) {
  for (const unwind::CodePiece& piece : inside.pieces())
    ranges_.push_back({piece.range.begin + 1, piece.range.size - 1});
}

bool IsOutside::glance(const unwind::ThreadState& thread) {
  if (ranges_.empty()) return true;
  return inside_->at_pc(thread.pc()) == nullptr && !check_.holds_value(thread, ranges_);
}

Verdict IsOutside::look(const unwind::ThreadState& thread) {
  if (auto intruder = check_.look(std::span(&thread, 1))) {
    last_ = std::move(intruder);
    return Verdict::fails;
  }
  return check_.has_undecided() ? Verdict::undecided : Verdict::passes;
}

bool IsOutside::decide() {
  auto intruder = check_.decide([] {});
  if (!intruder) return true;
  last_ = std::move(intruder);
  return false;
}

void IsOutside::refresh() {
  if (!ranges_.empty()) check_.begin(target_->mappings());
}

unwind::Intruder IsOutside::last() const {
  return last_ ? *last_ : nobody_known(*target_, "has a thread that could not be seen in time");
}

}  // namespace stent::publish
