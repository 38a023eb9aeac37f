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

  /// The islands that are given back, each in a write of its own but that of the newest patch.
  void free_islands(std::vector<redirect::JumpWrite>& writes) const {
    for (const Layer& layer : *layers_)
      if (layer.leaves && layer.function != layers_->back().function)
        if (auto island = freed(*layer.function))
          writes.push_back({layer.function->name, layer.function->entry, {}, {}, {}, std::move(island)});
  }

  /// `coming` is the island of the patch that `wanted` leads to, where it needs one.
  void write(const Bytes& wanted, std::vector<redirect::JumpWrite>& writes,
             std::optional<redirect::IslandWrite> coming = {}) const {
    free_islands(writes);
    const RecordedFunction& top = *layers_->back().function;
    auto left = layers_->back().leaves ? freed(top) : std::nullopt;
    if (coming && left) {
      writes.push_back({top.name, top.entry, {}, {}, {}, std::move(left)});
      left.reset();
    }
    const Bytes present = memory_->read(top.entry, wanted.size());
    if (present == wanted) {
      if (left) writes.push_back({top.name, top.entry, {}, {}, {}, std::move(left)});
      return;
    }
    if (present != top.written)
      throw Error(ErrorCode::mismatch,
                  fmt::format("{} at {:#x} no longer holds the redirect of patch {}", top.name,
                              top.entry.value, layers_->back().found->record.name),
                  "something else writes into this process's code; nothing was changed by stent");
    writes.push_back({top.name, top.entry, present, wanted, module_extents(),
                      coming ? std::move(coming) : std::move(left)});
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
  /// Its island as it was, where it does not hold that already.
  [[nodiscard]] std::optional<redirect::IslandWrite> freed(const RecordedFunction& function) const {
    if (!function.island) return {};
    const RecordedIsland& island = *function.island;
    const Bytes present = memory_->read(island.at, island.written.size());
    if (present == island.before) return {};
    if (present != island.written)
      throw Error(
          ErrorCode::mismatch,
          fmt::format("the padding at {:#x} no longer holds the jump of {}", island.at.value, function.name),
          "something else writes into this process's code; nothing was changed by stent");
    return redirect::IslandWrite{island.at, present, island.before};
  }
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
    std::optional<redirect::IslandWrite> island;
    if (function.island) island = {function.island->at, function.island->before, function.island->written};
    if (below == layers.end()) {
      result.entries.push_back({function.name, function.entry, function.before, function.written,
                                function.module_extents, std::move(island)});
      continue;
    }
    const Entry place(below->second, memory);
    place.write(function.written, result.entries, std::move(island));
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
