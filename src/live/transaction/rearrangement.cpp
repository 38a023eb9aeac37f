#include "live/transaction/rearrangement.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "binary/arch/x86_64/decode.hpp"
#include "binary/arch/x86_64/jump.hpp"

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
      if (!function.departed)
        layers[function.entry].push_back({&found, &function, leaving.contains(found.at)});
  }
  return layers;
}

/// Where the short jump at `entry` leads; 0 when `bytes` are none.
RemoteAddress hop_target(RemoteAddress entry, const Bytes& bytes) {
  const auto first = x86_64::decode_one(bytes);
  if (bytes.size() != x86_64::short_jump_size || !first || first->flow != x86_64::Flow::jump) return {};
  return entry + *first->branch_target;
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

  /// `coming` is the patch's function that `wanted` leads to, where one comes.
  void write(const Bytes& wanted, std::vector<redirect::JumpWrite>& writes,
             const RecordedFunction* coming = nullptr) const {
    const RecordedFunction& top = *layers_->back().function;
    const Bytes present = memory_->read(top.entry, wanted.size());
    if (present != wanted && present != top.written)
      throw Error(ErrorCode::mismatch,
                  fmt::format("{} at {:#x} no longer holds the redirect of patch {}", top.name,
                              top.entry.value, layers_->back().found->record.name),
                  "something else writes into this process's code; nothing was changed by stent");
    auto islands = island_writes(coming);
    auto led_to = std::ranges::find(islands, hop_target(top.entry, wanted), &redirect::IslandWrite::at);
    if (led_to == islands.end() && present != wanted)
      led_to = std::ranges::find(islands, hop_target(top.entry, present), &redirect::IslandWrite::at);
    std::optional<redirect::IslandWrite> of_entry;
    if (led_to != islands.end()) {
      of_entry = std::move(*led_to);
      islands.erase(led_to);
    }
    for (redirect::IslandWrite& island : islands)
      writes.push_back({top.name, top.entry, {}, {}, {}, std::move(island)});
    if (present != wanted || of_entry)
      writes.push_back({top.name, top.entry, present, wanted, module_extents(), std::move(of_entry)});
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
  /// What is to change in the padding that these patches use or used: it holds the jump of the newest that
  /// stays or comes, which may have taken it over from one that leaves, else what it held before.
  [[nodiscard]] std::vector<redirect::IslandWrite> island_writes(const RecordedFunction* coming) const {
    std::map<RemoteAddress, const Bytes*> wanted;
    for (const Layer& layer : *layers_)
      if (const auto& island = layer.function->island) {
        if (!layer.leaves)
          wanted[island->at] = &island->written;
        else
          wanted.emplace(island->at, &island->before);
      }
    if (coming != nullptr && coming->island) wanted[coming->island->at] = &coming->island->written;
    std::vector<redirect::IslandWrite> writes;
    for (const auto& [at, bytes] : wanted) {
      Bytes present = memory_->read(at, bytes->size());
      if (present == *bytes) continue;
      require_known(at, present, coming);
      writes.push_back({at, std::move(present), *bytes});
    }
    return writes;
  }

  void require_known(RemoteAddress at, const Bytes& present, const RecordedFunction* coming) const {
    const auto knows = [&](const RecordedFunction& function) {
      return function.island && function.island->at == at &&
             (function.island->before == present || function.island->written == present);
    };
    if (coming != nullptr && knows(*coming)) return;
    if (std::ranges::any_of(*layers_, [&](const Layer& layer) { return knows(*layer.function); })) return;
    throw Error(ErrorCode::mismatch,
                fmt::format("the padding at {:#x} no longer holds the jump of {}", at.value,
                            layers_->back().function->name),
                "something else writes into this process's code; nothing was changed by stent");
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
    if (below == layers.end()) {
      std::optional<redirect::IslandWrite> island;
      if (function.island) island = {function.island->at, function.island->before, function.island->written};
      result.entries.push_back({function.name, function.entry, function.before, function.written,
                                function.module_extents, std::move(island)});
      continue;
    }
    const Entry place(below->second, memory);
    place.write(function.written, result.entries, &function);
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
