#include "live/transaction/rearrangement.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"

namespace stent::transaction {
namespace {

/// One patch on one function.
struct Layer {
  const FoundRecord* found;
  const RecordedFunction* function;
  bool leaves;
};

/// The patches on each entry, oldest first.
using Layers = std::map<RemoteAddress, std::vector<Layer>>;

Layers layers_of(const std::vector<FoundRecord>& all, const std::set<RemoteAddress>& leaving) {
  Layers layers;
  for (const FoundRecord& found : all) {
    if (found.record.state == RecordState::retained || found.record.state == RecordState::preparing) continue;
    for (const RecordedFunction& function : found.record.functions)
      layers[function.entry].push_back({&found, &function, leaving.contains(found.at)});
  }
  return layers;
}

class Entry {
 public:
  Entry(const std::vector<Layer>& layers, const process::RemoteMemory& memory)
      : layers_(&layers), memory_(&memory) {}

  /// What the newest patch that stays, or the module, puts there.
  [[nodiscard]] Bytes without_leaving() const {
    Bytes bytes = layers_->front().function->before;
    for (const Layer& layer : *layers_)
      if (!layer.leaves) bytes = layer.function->written;
    return bytes;
  }

  void write(const Bytes& wanted, std::vector<redirect::JumpWrite>& writes) const {
    const RecordedFunction& top = *layers_->back().function;
    const Bytes present = memory_->read(top.entry, wanted.size());
    if (present == wanted) return;
    if (present != top.written)
      throw Error(ErrorCode::mismatch,
                  fmt::format("{} at {:#x} no longer holds the redirect of patch {}", top.name,
                              top.entry.value, layers_->back().found->record.name),
                  "something else writes into this process's code; nothing was changed by stent");
    writes.push_back({top.name, top.entry, present, wanted, module_extents()});
  }

  void correct_records(std::vector<redirect::JumpWrite>& writes) const {
    Bytes below = layers_->front().function->before;
    for (const Layer& layer : *layers_) {
      if (layer.leaves) continue;
      if (layer.function->before != below)
        writes.push_back({layer.function->name,
                          layer.found->at + static_cast<std::int64_t>(layer.function->before_offset),
                          layer.function->before,
                          below,
                          {}});
      below = layer.function->written;
    }
  }

 private:
  [[nodiscard]] const std::vector<RemoteRange>& module_extents() const {
    return layers_->front().function->module_extents;
  }

  const std::vector<Layer>* layers_;
  const process::RemoteMemory* memory_;
};

bool any_leaves(const std::vector<Layer>& layers) {
  return std::ranges::any_of(layers, [](const Layer& layer) { return layer.leaves; });
}

}  // namespace

Rearrangement rearrange(const std::vector<FoundRecord>& all, const std::set<RemoteAddress>& leaving,
                        Record* coming, const process::RemoteMemory& memory) {
  Rearrangement result;
  Layers layers = layers_of(all, leaving);
  for (const auto& [entry, stack] : layers)
    if (any_leaves(stack)) Entry(stack, memory).correct_records(result.records);
  for (std::size_t i = 0; coming != nullptr && i < coming->functions.size(); ++i) {
    RecordedFunction& function = coming->functions[i];
    const auto below = layers.find(function.entry);
    if (below == layers.end()) {
      result.entries.push_back(
          {function.name, function.entry, function.before, function.written, function.module_extents});
      continue;
    }
    const Entry place(below->second, memory);
    place.write(function.written, result.entries);
    function.before = place.without_leaving();
    layers.erase(below);
  }
  for (const auto& [entry, stack] : layers) {
    if (!any_leaves(stack)) continue;
    const Entry place(stack, memory);
    place.write(place.without_leaving(), result.entries);
  }
  return result;
}

}  // namespace stent::transaction
