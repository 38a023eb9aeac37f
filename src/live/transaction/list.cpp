#include <algorithm>
#include <cctype>
#include <filesystem>

#include "base/error.hpp"
#include "live/transaction/inventory.hpp"

namespace stent::transaction {

std::vector<Applied> list(Pid pid) {
  const auto target = process::Process::open(pid);
  std::vector<Applied> result;
  for (const FoundRecord& found : find_records(target.mappings(), target.memory()))
    result.push_back({found.record.name, found.record.id, found.record.description, found.record.applied_at,
                      report_functions(found.record), found.memory(), to_string(found.record.state)});
  return result;
}

std::vector<Pid> patched_processes() {
  std::vector<Pid> patched;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename().string();
    if (!std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c) != 0; })) continue;
    const Pid pid{std::stoi(name)};
    try {
      const auto mappings = process::read_mappings(pid);
      if (mappings.empty()) continue;
      const process::ProcessMemory memory(Tid{pid.value});
      if (!find_records(mappings, memory).empty()) patched.push_back(pid);
    } catch (const Error&) {
      continue;  // ended meanwhile, or not ours to look at
    }
  }
  std::ranges::sort(patched);
  return patched;
}

}  // namespace stent::transaction
