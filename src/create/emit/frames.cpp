#include "create/emit/frames.hpp"

#include <algorithm>

namespace stent::emit {
namespace {

using patch::SegmentKind;

/// version 1, "zR", pc-relative sdata4; CFA = rsp + 8, return address at CFA - 8: a function that did nothing
/// yet.
constexpr unsigned char stub_cie[] = {0x14, 0,    0,    0, 0,    0,   0, 0, 1,    'z', 'R', 0,
                                      1,    0x78, 0x10, 1, 0x1b, 0xc, 7, 8, 0x90, 1,   0,   0};

constexpr std::uint64_t fde_pc_begin_at = 8;
constexpr std::uint64_t cie_pointer_at = 4;

class FrameWriter {
 public:
  FrameWriter(const std::vector<bind::BoundUnit>& units, const Placement& placement, References& references,
              Draft& draft)
      : units_(units), placement_(placement), references_(references), draft_(draft) {}

  FrameTables write(Spot stubs_begin) {
    // First of all: whatever else were appended between the entries would end the section there.
    for (std::size_t unit = 0; unit < units_.size(); ++unit)
      for (const model::AtomId id : units_[unit].selected)
        if (placement_.is_owner(unit, id)) prepare(unit, id);
    for (std::size_t unit = 0; unit < units_.size(); ++unit)
      for (const model::AtomId id : units_[unit].selected)
        if (placement_.is_owner(unit, id)) write_atom(unit, id);
    const std::uint64_t code_size = draft_.size(SegmentKind::code);
    if (stubs_begin.offset < code_size) write_stubs(stubs_begin, code_size - stubs_begin.offset);
    if (table_.empty()) return {};
    const Spot terminator = draft_.append(SegmentKind::constants, Bytes(4), 4, 4);
    FrameTables tables;
    tables.eh_frame = range(begin_, terminator + 4);
    tables.eh_frame_hdr = write_search_table();
    return tables;
  }

 private:
  struct KnownCie {
    Bytes bytes;
    std::optional<std::size_t> unit;  ///< set when it has references: then shared within this unit only
    std::vector<model::Reference> references;
    Spot at;
  };
  struct Row {
    Spot code, fde;
  };

  PatchRange range(Spot from, Spot to) const { return {draft_.address_of(from), to.offset - from.offset}; }

  Spot append(ByteView entry) {
    const Spot at = draft_.append(SegmentKind::constants, entry, entry.size(), started_ ? 4 : 8);
    if (!started_) begin_ = at;
    started_ = true;
    return at;
  }

  static bool same(const std::vector<model::Reference>& a, const std::vector<model::Reference>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const model::Reference& x, const model::Reference& y) {
                        return x.offset == y.offset && x.type == y.type && x.symbol == y.symbol &&
                               x.place == y.place && x.offset_in_target == y.offset_in_target;
                      });
  }

  Spot cie(ByteView bytes, std::size_t unit, const std::vector<model::Reference>& references) {
    for (const KnownCie& known : cies_)
      if (std::equal(known.bytes.begin(), known.bytes.end(), bytes.begin(), bytes.end()) &&
          same(known.references, references) && (references.empty() || known.unit == unit))
        return known.at;
    const Spot at = append(bytes);
    for (const model::Reference& reference : references) references_.write({unit, {}}, reference, at);
    cies_.push_back({Bytes(bytes.begin(), bytes.end()),
                     references.empty() ? std::nullopt : std::optional(unit), references, at});
    return at;
  }

  Spot fde(ByteView bytes, Spot cie_at) {
    const Spot at = append(bytes);
    const auto distance = static_cast<std::uint32_t>(at.offset + cie_pointer_at - cie_at.offset);
    draft_.write(at + cie_pointer_at, as_bytes(std::span(&distance, 1)));
    return at;
  }

  const model::FrameDescription* frame_of(std::size_t unit, model::AtomId id) const {
    const auto& frames = units_[unit].new_object->frames;
    return id.value < frames.size() && frames[id.value] ? &*frames[id.value] : nullptr;
  }

  void prepare(std::size_t unit, model::AtomId id) {
    const model::FrameDescription* frame = frame_of(unit, id);
    if (frame == nullptr) return;
    for (const auto* references : {&frame->cie_references, &frame->fde_references})
      for (const model::Reference& reference : *references) references_.prepare({unit, {}}, reference);
  }

  void write_atom(std::size_t unit, model::AtomId id) {
    const model::Object& object = *units_[unit].new_object;
    if (frame_of(unit, id) == nullptr) return;
    const model::FrameDescription& frame = *frame_of(unit, id);
    if (frame.fde.size() < fde_pc_begin_at + 8 || frame.cie.size() < 16)
      throw Error(ErrorCode::bad_input,
                  object.path.string() + ": a call frame of '" + object[id].name + "' is too short",
                  "the object is damaged; compile it again");
    const Spot cie_at = cie(frame.cie, unit, frame.cie_references);
    const Spot at = fde(frame.fde, cie_at);
    for (const model::Reference& reference : frame.fde_references)
      references_.write({unit, {}}, reference, at);
    table_.push_back({*placement_.find(unit, id), at});
  }

  void write_stubs(Spot begin, std::uint64_t size) {
    const Spot cie_at = cie(as_bytes(std::span(stub_cie)), 0, {});
    Bytes bytes(24);
    store(bytes, 0, std::uint32_t{20});
    store(bytes, 12, static_cast<std::uint32_t>(size));
    const Spot at = fde(bytes, cie_at);
    draft_.fix({at + fde_pc_begin_at, x86_64::RelocationType::pc32, begin, 0, "stubs"});
    table_.push_back({begin, at});
  }

  PatchRange write_search_table() {
    std::sort(table_.begin(), table_.end(), [](const Row& a, const Row& b) { return a.code < b.code; });
    Bytes bytes(12 + table_.size() * 8);
    const Spot at = draft_.append(SegmentKind::constants, bytes, bytes.size(), 4);
    const PatchAddress header = draft_.address_of(at);
    const auto relative = [&](Spot to, std::int64_t from) {
      return static_cast<std::int32_t>(draft_.address_of(to) - header - from);
    };
    store(bytes, 0, std::uint32_t{0x3b031b01});  // version 1; pcrel sdata4, udata4, datarel sdata4
    store(bytes, 4, relative(begin_, 4));
    store(bytes, 8, static_cast<std::uint32_t>(table_.size()));
    for (std::size_t i = 0; i < table_.size(); ++i) {
      store(bytes, 12 + i * 8, relative(table_[i].code, 0));
      store(bytes, 16 + i * 8, relative(table_[i].fde, 0));
    }
    draft_.write(at, bytes);
    return range(at, at + bytes.size());
  }

  const std::vector<bind::BoundUnit>& units_;
  const Placement& placement_;
  References& references_;
  Draft& draft_;
  bool started_ = false;
  Spot begin_;
  std::vector<KnownCie> cies_;
  std::vector<Row> table_;
};

}  // namespace

FrameTables write_frames(const std::vector<bind::BoundUnit>& units, const Placement& placement,
                         References& references, Spot stubs_begin, Draft& draft) {
  return FrameWriter(units, placement, references, draft).write(stubs_begin);
}

}  // namespace stent::emit
