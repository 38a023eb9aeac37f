// An image linked at one place with made-up values, and reading of what it became.
#pragma once

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "patch/link/link.hpp"

namespace stent::emit {

class Trial {
 public:
  /// `in_low_memory`: as for a target that is not position-independent, everything below 2 GiB.
  Trial(const patch::Image& image, bool in_low_memory, std::mt19937_64& random);

  [[nodiscard]] RemoteAddress at(PatchAddress address) const { return base_.to_remote(address); }
  /// The value given to `binding`; throws `internal` when the image has no such binding.
  [[nodiscard]] std::uint64_t value_of(const patch::Binding& binding) const;
  /// The value given to the dynamic symbol `name` of any version; empty when the image does not bind it.
  [[nodiscard]] std::optional<std::uint64_t> value_of_dynamic(const std::string& name) const;
  /// The linked bytes at `address`; throws `internal` when they are not all inside one segment.
  [[nodiscard]] Bytes read(RemoteAddress address, std::uint64_t size) const;
  /// The kind of the segment at `address`; throws `internal` when there is none.
  [[nodiscard]] patch::SegmentKind kind_at(RemoteAddress address) const;
  [[nodiscard]] std::uint64_t word(RemoteAddress address) const {
    return load<std::uint64_t>(read(address, 8), 0);
  }
  /// Where `jmp *slot(%rip)` at `address` finds its slot; throws `internal` when it is no such jump.
  [[nodiscard]] RemoteAddress slot_of_stub(RemoteAddress address) const;

 private:
  const patch::Image& image_;
  PatchBase base_;
  std::vector<std::uint64_t> values_;
  std::vector<link::LinkedSegment> segments_;
};

}  // namespace stent::emit
