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

}  // namespace stent::transaction
