#include "create/emit/self_verify.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>

#include "create/emit/frame_index.hpp"
#include "create/emit/trial.hpp"
#include "create/emit/verify_frame_table.hpp"

namespace stent::emit {
namespace {

using bind::Access;
using model::AtomId;
using x86_64::Formula;
using x86_64::RelocationType;

/// One atom of one unit.
struct Which {
  std::size_t unit = 0;
  AtomId atom;
  auto operator<=>(const Which&) const = default;
};

/// What a field must lead to, said in terms of the objects.
struct Expected {
  std::optional<Which> inside;  ///< an atom of the patch
  const bind::BoundTarget* bound = nullptr;
  std::optional<LinkAddress> old_entry;
  std::int64_t offset = 0;
};

class Walk {
 public:
  Walk(const patch::Image& image, const std::vector<bind::BoundUnit>& units, const Trial& trial)
      : image_(image), units_(units), trial_(trial), frames_(index_frames(image, trial)) {
    for (std::size_t unit = 0; unit < units.size(); ++unit)
      for (const AtomId id : units[unit].selected) selected_[{unit, id}] = {};
  }

  void run() {
    start_at_replaced();
    drain();
    for (auto& [which, place] : selected_) {
      if (!place) find_by_name(which);
      drain();
    }
    check_names();
    verify_frame_table(image_, trial_, frames_, described_, stubs_);
  }

 private:
  const model::Object& object(std::size_t unit) const { return *units_[unit].new_object; }

  [[noreturn]] void differ(const Which& which, std::uint64_t offset, const std::string& how) const {
    const model::Atom& atom = object(which.unit)[which.atom];
    throw Error(ErrorCode::internal, "self-verify: " + object(which.unit).source + ", " +
                                         (atom.name.empty() ? atom.section : atom.name) + "+" +
                                         std::to_string(offset) + ": " + how);
  }

  void start_at_replaced() {
    for (std::size_t unit = 0; unit < units_.size(); ++unit)
      for (const bind::BoundFunction& function : units_[unit].replaced) {
        const auto found = std::find_if(
            image_.replaced.begin(), image_.replaced.end(), [&](const patch::ReplacedFunction& replaced) {
              return replaced.extents == function.extents && replaced.name == function.name;
            });
        const model::Function& parts = object(unit)[function.new_function];
        if (found == image_.replaced.end() || found->new_extents.size() != parts.fragments.size() + 1)
          throw Error(ErrorCode::internal,
                      "self-verify: '" + function.name + "' is not replaced by the image");
        locate({unit, parts.entry}, trial_.at(found->replacement));
        for (std::size_t i = 0; i < parts.fragments.size(); ++i)
          locate({unit, parts.fragments[i]}, trial_.at(found->new_extents[i + 1].begin));
      }
  }

  /// `which` stands at `address`; it must be selected and stand nowhere else.
  void locate(const Which& which, RemoteAddress address) {
    const auto found = selected_.find(which);
    if (found == selected_.end()) differ(which, 0, "is used but not selected");
    if (found->second == address) return;
    if (found->second) differ(which, 0, "is used at two places");
    require_kind(which, address);
    if (address.value % std::max<std::uint64_t>(object(which.unit)[which.atom].alignment, 1) != 0)
      differ(which, 0, "is not aligned");
    found->second = address;
    pending_.push_back(which);
  }

  void drain() {
    while (!pending_.empty()) {
      const Which which = pending_.front();
      pending_.pop_front();
      compare(which, *selected_.at(which));
    }
  }

  /// Atoms that nothing in the patch refers to: by their symbol.
  void find_by_name(const Which& which) {
    const model::Atom& atom = object(which.unit)[which.atom];
    if (atom.name.empty() || atom.name.starts_with(".L")) return;  // a literal that no reference leads to
    for (const patch::PatchSymbol& symbol : image_.symbols) {
      if (symbol.name != atom.name || !same_bytes(atom, trial_.at(symbol.address))) continue;
      return locate(which, trial_.at(symbol.address));
    }
    differ(which, 0, "is missing from the image");
  }

  /// Code where it can run, variables where they can be written, constants where they cannot.
  void require_kind(const Which& which, RemoteAddress address) const {
    const model::AtomKind kind = object(which.unit)[which.atom].kind;
    const bool writable = kind == model::AtomKind::writable || kind == model::AtomKind::zero;
    const auto wanted = kind == model::AtomKind::code ? patch::SegmentKind::code
                        : writable                    ? patch::SegmentKind::data
                                                      : patch::SegmentKind::constants;
    if (trial_.kind_at(address) != wanted) differ(which, 0, "stands in a segment of another kind");
  }

  /// Every name of a selected atom that the image tells must be told of the right place.
  void check_names() const {
    std::multimap<std::string, RemoteAddress> told;
    for (const patch::PatchSymbol& symbol : image_.symbols)
      told.emplace(symbol.name, trial_.at(symbol.address));
    for (const auto& [which, place] : selected_) {
      if (!place) continue;
      for (const model::Symbol& symbol : object(which.unit).symbols) {
        if (!symbol.definition || symbol.definition->atom != which.atom) continue;
        const auto [from, to] = told.equal_range(symbol.name);
        const RemoteAddress wanted = *place + symbol.definition->offset;
        if (from != to && std::none_of(from, to, [&](const auto& one) { return one.second == wanted; }))
          differ(which, 0, "has its name at another place");
      }
    }
  }

  static std::size_t field_size(RelocationType type) { return x86_64::describe(type).size; }

  static std::optional<std::size_t> first_difference(const model::Atom& atom, ByteView linked) {
    std::vector<bool> is_field(atom.bytes.size());
    for (const model::Reference& reference : atom.references)
      for (std::size_t i = 0; i < field_size(reference.type) && reference.offset + i < is_field.size(); ++i)
        is_field[reference.offset + i] = true;
    for (std::size_t i = 0; i < atom.bytes.size(); ++i)
      if (!is_field[i] && atom.bytes[i] != linked[i]) return i;
    const std::span zeros = linked.subspan(atom.bytes.size());
    const auto found =
        std::find_if(zeros.begin(), zeros.end(), [](std::byte b) { return b != std::byte{0}; });
    if (found != zeros.end()) return atom.bytes.size() + static_cast<std::size_t>(found - zeros.begin());
    return {};
  }

  Bytes bytes_at(const model::Atom& atom, RemoteAddress address) const {
    return trial_.read(address, std::max<std::uint64_t>(atom.size, atom.bytes.size()));
  }
  bool same_bytes(const model::Atom& atom, RemoteAddress address) const {
    return !first_difference(atom, bytes_at(atom, address));
  }

  void compare(const Which& which, RemoteAddress address) {
    const model::Atom& atom = object(which.unit)[which.atom];
    const Bytes linked = bytes_at(atom, address);
    if (const auto at = first_difference(atom, linked)) differ(which, *at, "bytes differ from the object");
    for (const model::Reference& reference : atom.references)
      if (reference.type != RelocationType::none) check(which, reference, address + reference.offset, linked);
    if (atom.kind == model::AtomKind::code) compare_frame(which, address);
  }

  /// The call frame description: how to unwind, the personality, and the exception table (LSDA).
  void compare_frame(const Which& which, RemoteAddress code) {
    const auto& frames = object(which.unit).frames;
    if (which.atom.value >= frames.size() || !frames[which.atom.value]) return;
    const model::FrameDescription& frame = *frames[which.atom.value];
    const auto found = frames_.find(code);
    if (found == frames_.end()) differ(which, 0, "has no call frame description in the image");
    described_.insert(code);
    compare_entry(which, frame.cie, frame.cie_references, found->second.cie);
    compare_entry(which, frame.fde, frame.fde_references, found->second.fde);
  }

  void compare_entry(const Which& which, const Bytes& bytes, const std::vector<model::Reference>& references,
                     RemoteRange at) {
    constexpr std::uint32_t id_at = 4, pc_begin_at = 8;
    const bool is_cie = load<std::uint32_t>(bytes, id_at) == 0;
    if (at.size != bytes.size()) differ(which, 0, "its call frame description has another length");
    const Bytes linked = trial_.read(at.begin, at.size);
    model::Atom entry;  // masks the fields
    entry.bytes = bytes;
    entry.references = references;
    if (!is_cie) store(entry.bytes, id_at, load<std::uint32_t>(linked, id_at));  // the distance to the CIE
    if (const auto differs = first_difference(entry, linked))
      differ(which, *differs, "its call frame description differs from the object");
    for (const model::Reference& reference : references)  // pc_begin led here, so it is right
      if (is_cie || reference.offset != pc_begin_at)
        check(which, reference, at.begin + reference.offset, linked);
  }

  // ---- what the object means

  const bind::BoundFunction* replaced_with(const Which& which) const {
    for (const bind::BoundFunction& function : units_[which.unit].replaced) {
      const model::Function& parts = object(which.unit)[function.new_function];
      if (parts.entry == which.atom ||
          std::count(parts.fragments.begin(), parts.fragments.end(), which.atom) > 0)
        return &function;
    }
    return nullptr;
  }

  Expected to_atom(const Which& holder, const model::Reference& reference, const Which& target,
                   std::int64_t offset) const {
    const bind::BoundFunction* function = replaced_with(target);
    const bool own_jump = reference.type == RelocationType::plt32 && replaced_with(holder) == function;
    if (function != nullptr && offset == 0 &&
        object(target.unit)[function->new_function].entry == target.atom && !own_jump &&
        !reference.is_table_entry)
      return {{}, nullptr, function->extents.at(0).range.begin, 0};
    return {target, nullptr, {}, offset};
  }

  /// The selected definition of a global name, function or data.
  std::optional<std::pair<Which, std::int64_t>> definition_of(const std::string& name) const {
    for (std::size_t unit = 0; unit < units_.size(); ++unit)
      for (const model::Symbol& symbol : object(unit).symbols)
        if (symbol.name == name && symbol.binding != model::SymbolBinding::local && symbol.definition &&
            selected_.contains({unit, symbol.definition->atom}))
          return std::pair(Which{unit, symbol.definition->atom}, symbol.definition->offset);
    return {};
  }

  Expected expect(const Which& holder, const model::Reference& reference) const {
    const bind::BoundUnit& unit = units_[holder.unit];
    if (reference.place) {
      const Which target{holder.unit, reference.place->atom};
      if (selected_.contains(target)) return to_atom(holder, reference, target, reference.place->offset);
      if (const auto found = unit.atoms.find(target.atom); found != unit.atoms.end())
        return {{}, &found->second, {}, reference.place->offset};
    }
    if (!reference.symbol) differ(holder, reference.offset, "an unbound reference");
    const auto definition = definition_of(object(holder.unit)[*reference.symbol].name);
    if (definition && replaced_with(definition->first) == nullptr)
      return {definition->first, nullptr, {}, definition->second + reference.offset_in_target};
    if (const auto found = unit.symbols.find(*reference.symbol); found != unit.symbols.end())
      return {{}, &found->second, {}, reference.offset_in_target};
    if (!definition) differ(holder, reference.offset, "an unbound reference");
    return to_atom(holder, reference, definition->first, definition->second + reference.offset_in_target);
  }

  // ---- what the linked field says

  static std::int64_t field_value(const model::Reference& reference, ByteView linked) {
    switch (field_size(reference.type)) {
      case 8: return load<std::int64_t>(linked, reference.offset);
      case 4:
        return reference.type == RelocationType::abs32
                   ? static_cast<std::int64_t>(load<std::uint32_t>(linked, reference.offset))
                   : load<std::int32_t>(linked, reference.offset);
      case 2: return load<std::int16_t>(linked, reference.offset);
      default: return load<std::int8_t>(linked, reference.offset);
    }
  }

  void check(const Which& which, const model::Reference& reference, RemoteAddress place, ByteView linked) {
    if (reference.type == RelocationType::tlsdesc_call) return;  // marks the call for linkers
    const Expected expected = expect(which, reference);
    if (expected.bound != nullptr && expected.bound->access == Access::thread)
      return check_thread(which, reference, *expected.bound, expected.offset, place, linked);
    const Formula formula = x86_64::describe(reference.type).formula;
    const bool relative = formula == Formula::pc_relative || formula == Formula::got_relative;
    const auto value = static_cast<std::uint64_t>(field_value(reference, linked) - reference.pc_adjust);
    const RemoteAddress points{relative ? value + place.value : value};
    if (formula == Formula::got_relative) {
      if (expected.bound != nullptr && expected.bound->access == Access::slot)
        check_slot(which, reference, *expected.bound, points);
      else
        check_address(which, reference, expected, {trial_.word(points)});
    } else if ((formula == Formula::pc_relative ||
                (formula == Formula::absolute && field_size(reference.type) < 8)) &&
               expected.bound != nullptr &&
               (expected.bound->access == Access::slot || expected.bound->access == Access::own_slot)) {
      check_stub(which, reference, *expected.bound, points);
    } else {
      check_address(which, reference, expected, points);
    }
  }

  /// A thread-local: the field, or what it leads to, must name the variable's place in the TLS block.
  void check_thread(const Which& which, const model::Reference& reference, const bind::BoundTarget& bound,
                    std::int64_t offset, RemoteAddress place, ByteView linked) const {
    const std::uint64_t in_block = std::get<patch::ThreadOffset>(bound.binding.where).offset;
    const auto value = static_cast<std::uint64_t>(field_value(reference, linked) - reference.pc_adjust);
    const RemoteAddress slot{value + place.value};
    const auto module = [&] { return trial_.value_of({"", patch::ThreadModule{}}); };
    switch (reference.type) {
      case RelocationType::tlsgd:
        return require(trial_.word(slot) == module() && trial_.word(slot + 8) == in_block, which, reference);
      case RelocationType::tlsld:
        return require(trial_.word(slot) == module() && trial_.word(slot + 8) == 0, which, reference);
      case RelocationType::gottpoff:
        return require(trial_.word(slot) == trial_.value_of(bound.binding), which, reference);
      case RelocationType::gotpc32_tlsdesc:
        return require(trial_.word(slot + 8) == trial_.value_of(bound.binding) &&
                           trial_.word({trial_.word(slot)}) << 24 == 0xc308408b48'000000,
                       which, reference);
      case RelocationType::dtpoff32:
      case RelocationType::dtpoff64:
        return require(value == in_block + static_cast<std::uint64_t>(offset), which, reference);
      default:
        return require(value == trial_.value_of(bound.binding) + static_cast<std::uint64_t>(offset), which,
                       reference);
    }
  }

  /// The module's slot, or one of the patch's own that holds what the module's will once it is filled.
  void check_slot(const Which& which, const model::Reference& reference, const bind::BoundTarget& bound,
                  RemoteAddress slot) const {
    const bool is_own = !(slot < trial_.at({0}));  // the module lies below the patch
    if (!is_own) return require(slot.value == trial_.value_of(bound.binding), which, reference);
    const auto dynamic = trial_.value_of_dynamic(name_of(which, reference));
    require(dynamic && trial_.word(slot) == *dynamic, which, reference);
  }

  void check_stub(const Which& which, const model::Reference& reference, const bind::BoundTarget& bound,
                  RemoteAddress stub) {
    const RemoteAddress slot = trial_.slot_of_stub(stub);
    stubs_.insert(stub);
    const std::uint64_t found = bound.access == Access::slot ? slot.value : trial_.word(slot);
    require(found == trial_.value_of(bound.binding), which, reference);
  }

  void check_address(const Which& which, const model::Reference& reference, const Expected& expected,
                     RemoteAddress points) {
    if (expected.inside) return locate(*expected.inside, points - expected.offset);
    std::uint64_t value = 0;
    if (expected.old_entry) {
      value = trial_.value_of({"old entry", patch::ModuleAddress{*expected.old_entry}});
    } else if (expected.bound->access == Access::slot) {
      const auto dynamic = trial_.value_of_dynamic(name_of(which, reference));
      require(dynamic.has_value(), which, reference);
      value = *dynamic;
    } else {
      value = trial_.value_of(expected.bound->binding);
    }
    require(points.value == value + static_cast<std::uint64_t>(expected.offset), which, reference);
  }

  std::string name_of(const Which& which, const model::Reference& reference) const {
    return reference.symbol ? object(which.unit)[*reference.symbol].name : std::string();
  }

  void require(bool holds, const Which& which, const model::Reference& reference) const {
    if (!holds) differ(which, reference.offset, "the reference leads elsewhere than in the object");
  }

  const patch::Image& image_;
  const std::vector<bind::BoundUnit>& units_;
  const Trial& trial_;
  std::map<RemoteAddress, LinkedFrame> frames_;
  std::set<RemoteAddress> described_;  ///< code whose call frame was compared
  std::set<RemoteAddress> stubs_;      ///< that references lead to
  std::map<Which, std::optional<RemoteAddress>> selected_;
  std::deque<Which> pending_;
};

/// A target that is not position-independent is linked below 2 GiB, and so must its patch be.
bool needs_low_memory(const patch::Image& image) {
  return std::any_of(image.relocations.begin(), image.relocations.end(),
                     [](const patch::Relocation& relocation) {
                       const auto info = x86_64::describe(relocation.type);
                       return info.formula == Formula::absolute && info.size < 8;
                     });
}

}  // namespace

void self_verify(const patch::Image& image, const std::vector<bind::BoundUnit>& units) {
  std::mt19937_64 random(std::random_device{}());
  for (int round = 0; round < 2; ++round) {
    const Trial trial(image, needs_low_memory(image), random);
    Walk(image, units, trial).run();
  }
}

}  // namespace stent::emit
