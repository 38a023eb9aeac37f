// The records of stent's patches found in a target.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "live/process/process.hpp"
#include "live/resolve/resolved_patch.hpp"
#include "live/transaction/record.hpp"
#include "live/transaction/transaction.hpp"

namespace stent::transaction {

/// Names of mappings made from a patch's memfd start with this.
inline constexpr const char* memory_name = "/memfd:stent:";

struct FoundRecord {
  RemoteAddress at;
  Record record;

  /// From the first piece's begin to the highest one's end.
  [[nodiscard]] RemoteRange memory() const;
};

/// True while a stent works on it, or after one was killed at it.
[[nodiscard]] bool is_left_over(const FoundRecord& found);

/// Oldest first. Reads only.
[[nodiscard]] std::vector<FoundRecord> find_records(const std::vector<process::Mapping>& mappings,
                                                    const process::RemoteMemory& memory);

/// The redirects of those records whose jumps may stand in the target; those at `leaving` are about to go.
[[nodiscard]] std::vector<resolve::EarlierRedirect> earlier_redirects(const std::vector<FoundRecord>& records,
                                                                      const std::set<RemoteAddress>& leaving);

[[nodiscard]] std::vector<ReplacedReport> report_functions(const Record& record);

}  // namespace stent::transaction
