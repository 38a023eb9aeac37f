// TouchedPages: which pages of a process hold something of their own, not a file's contents or zeros.
#pragma once

#include <optional>
#include <vector>

#include "base/address.hpp"
#include "base/pid.hpp"
#include "base/unique_fd.hpp"

namespace stent::process {

class TouchedPages {
 public:
  /// Throws `gone`, `not_permitted`.
  explicit TouchedPages(Pid pid);

  /// True when the kernel can be asked about addresses where nothing was mapped before, cheaply
  /// (PAGEMAP_SCAN, Linux 6.7).
  [[nodiscard]] bool sees_new_mappings() const { return scans_; }

  /// Appends the touched pages within `range` to `found`, ascending, neighbours joined. Pages in swap count.
  void find(RemoteRange range, std::vector<RemoteRange>& found) const;

 private:
  [[nodiscard]] bool scan(RemoteRange range, std::vector<RemoteRange>& found) const;
  void read(RemoteRange range, std::vector<RemoteRange>& found) const;

  UniqueFd file_;
  bool scans_ = false;
};

}  // namespace stent::process
