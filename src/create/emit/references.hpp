// Turning the references of the selected atoms into fields of the draft, slots and stubs.
#pragma once

#include <variant>

#include "binary/model/image.hpp"
#include "create/emit/placement.hpp"

namespace stent::emit {

/// Where the reference stands: decides what may be reached directly.
struct Holder {
  std::size_t unit = 0;
  std::optional<model::AtomId> atom;  ///< empty: a call frame description
};

/// What a reference means: something inside the image, or something bound.
struct Meaning {
  std::variant<Spot, bind::BoundTarget> target;
  std::int64_t offset = 0;  ///< from its start
  std::string name;
};

/// What an 8-byte field must hold so that it is the address itself.
[[nodiscard]] Target as_target(const Meaning& meaning);
[[nodiscard]] bind::Access access_of(const Meaning& meaning);

class References {
 public:
  References(const model::Image& target, const std::vector<bind::BoundUnit>& units,
             const Placement& placement, Draft& draft)
      : target_(target), units_(units), placement_(placement), draft_(draft) {}

  /// Every reference of every selected atom. Throws `refused` for what a patch cannot express, saying where.
  void write_all();
  /// Makes the slot and the stub that `write` would make of it, so that it appends nothing.
  void prepare(const Holder& holder, const model::Reference& reference);
  /// One reference that stands at `start` + its offset.
  void write(const Holder& holder, const model::Reference& reference, Spot start);
  /// Throws `refused` for what was not found.
  [[nodiscard]] Meaning meaning_of(const Holder& holder, const model::Reference& reference) const;

 private:
  [[nodiscard]] std::optional<Meaning> meaning_inside(const Holder& holder,
                                                      const model::Reference& reference) const;
  [[nodiscard]] std::optional<Meaning> meaning_of_symbol(const Holder& holder,
                                                         const model::Reference& reference) const;
  void write_pc_relative(const Holder&, const model::Reference&, Spot place, const Meaning&);
  void write_absolute(const Holder&, const model::Reference&, Spot place, const Meaning&);
  void write_through_slot(const Holder&, const model::Reference&, Spot place, const Meaning&);
  void write_thread(const Holder&, const model::Reference&, Spot place, const Meaning&);
  [[nodiscard]] Target slot_of(const Meaning& meaning);
  /// A field of 32 bits that must hold the address of a function of another module, where a stub will do.
  [[nodiscard]] bool takes_stub(const Holder& holder, const model::Reference& reference,
                                const Meaning& meaning) const;
  [[nodiscard]] Spot thread_slot(const Holder&, const model::Reference&, const Meaning&);
  [[nodiscard]] bool is_branch(const Holder& holder, const model::Reference& reference) const;
  [[nodiscard]] bool jumps_through(const Holder& holder, const model::Reference& reference) const;
  [[nodiscard]] bool is_lazy(const bind::BoundTarget& slot) const;
  [[nodiscard]] patch::Binding import_behind(const bind::BoundTarget& slot) const;
  [[nodiscard]] std::string where(const Holder& holder, const model::Reference& reference) const;
  [[noreturn]] void refuse(const Holder&, const model::Reference&, const std::string& why,
                           const std::string& hint) const;

  const model::Image& target_;
  const std::vector<bind::BoundUnit>& units_;
  const Placement& placement_;
  Draft& draft_;
};

}  // namespace stent::emit
