#include "live/transaction/departed.hpp"

#include <algorithm>
#include <map>

namespace stent::transaction {
namespace {

/// What the module itself has at each entry, as the oldest patch on it found it.
std::map<RemoteAddress, Bytes> own_bytes(const std::vector<FoundRecord>& records) {
  std::map<RemoteAddress, Bytes> own;
  for (const FoundRecord& found : records) {
    if (found.record.state == RecordState::retained || found.record.state == RecordState::preparing) continue;
    for (const RecordedFunction& function : found.record.functions)
      own.emplace(function.entry, function.before);
  }
  return own;
}

bool is_loaded(const RecordedModule& recorded, const std::vector<process::Module>& modules) {
  return std::ranges::any_of(modules, [&](const process::Module& module) {
    return module.extent() == recorded.extent && module.build_id.text() == recorded.build_id;
  });
}

bool holds(const process::RemoteMemory& memory, RemoteAddress at, const Bytes& wanted) {
  Bytes now(wanted.size());
  return memory.try_read(at, now) && now == wanted;
}

/// True when the redirect of any patch stands at `entry`: then what is there leads into it, whatever the list
/// of modules says.
bool is_redirected(const process::RemoteMemory& memory, RemoteAddress entry,
                   const std::vector<FoundRecord>& records) {
  const auto stands = [&](const RecordedFunction& function) {
    return function.entry == entry && !function.written.empty() && holds(memory, entry, function.written);
  };
  return std::ranges::any_of(
      records, [&](const FoundRecord& found) { return std::ranges::any_of(found.record.functions, stands); });
}

}  // namespace

void mark_departed(std::vector<FoundRecord>& records, const std::vector<process::Module>& modules,
                   const process::RemoteMemory& memory) {
  const auto own = own_bytes(records);
  for (FoundRecord& found : records) {
    const auto& recorded = found.record.runtime.modules;
    for (RecordedFunction& function : found.record.functions) {
      const auto host = std::ranges::find_if(
          recorded, [&](const RecordedModule& module) { return module.extent.contains(function.entry); });
      if (host == recorded.end()) continue;
      const auto before = own.find(function.entry);
      const bool has_left =
          !is_loaded(*host, modules) || (found.record.state == RecordState::applied && before != own.end() &&
                                         holds(memory, function.entry, before->second));
      function.departed = has_left && !is_redirected(memory, function.entry, records);
    }
  }
}

std::vector<FoundRecord> find_marked_records(const process::Process& target,
                                             const std::vector<process::Mapping>& mappings) {
  auto records = find_records(mappings, target.memory());
  if (!records.empty()) mark_departed(records, target.modules(mappings), target.memory());
  return records;
}

bool has_departed(const FoundRecord& found) {
  return found.record.state == RecordState::applied && !found.record.functions.empty() &&
         std::ranges::all_of(found.record.functions, &RecordedFunction::departed);
}

bool has_partly_departed(const FoundRecord& found) {
  return found.record.state == RecordState::applied && !has_departed(found) &&
         std::ranges::any_of(found.record.functions, &RecordedFunction::departed);
}

}  // namespace stent::transaction
