// Which registers functions destroy: at least, as callers of the same build may know, and at most.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "binary/arch/x86_64/clobbers.hpp"
#include "binary/model/image.hpp"
#include "binary/model/object.hpp"

namespace stent::bind {

/// What functions of one image destroy at least, calls included.
class KnownClobbers {
 public:
  /// Keeps a reference to `image`.
  explicit KnownClobbers(const model::Image& image);

  [[nodiscard]] x86_64::RegisterSet of(const std::vector<LinkRange>& parts);
  /// Of the function at `entry`, or behind the PLT entry there: everything, because nobody knows it.
  [[nodiscard]] x86_64::RegisterSet at(LinkAddress entry);
  /// The functions that the one at `entry` calls directly, those call, and so on; itself first.
  [[nodiscard]] std::vector<LinkAddress> reached_from(LinkAddress entry) const;
  /// The registers whose value at `entry` is used by the code there or by what it calls; of those that a call
  /// may destroy.
  [[nodiscard]] x86_64::RegisterSet used_by(LinkAddress entry, int depth = 0);
  /// For people.
  [[nodiscard]] std::string name_at(LinkAddress entry) const;

 private:
  [[nodiscard]] x86_64::RegisterSet of(LinkRange code);
  [[nodiscard]] const LinkRange* extent_at(LinkAddress entry) const;

  const model::Image& image_;
  std::set<LinkAddress> plt_;
  std::map<LinkAddress, x86_64::RegisterSet> known_, used_;
};

/// What `function` may destroy: everything, once it calls something.
[[nodiscard]] x86_64::RegisterSet may_destroy(const model::Object& object, const model::Function& function);

}  // namespace stent::bind
