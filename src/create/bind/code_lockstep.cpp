#include "create/bind/code_lockstep.hpp"

#include <algorithm>

#include "create/bind/relaxed_thread.hpp"
#include "create/bind/rewritten.hpp"

namespace stent::bind {

namespace {

using x86_64::Flow;
using x86_64::Formula;
using x86_64::Instruction;
using x86_64::RelocationType;

bool is_direct_branch(const Instruction& instruction) { return instruction.branch.has_value(); }

/// How many bytes the assembler put before `instruction` of `code` to align what follows
/// (-mbranches-within-32B-boundaries): segment prefixes, which mean nothing in 64-bit code, or one of fs or
/// gs repeated. Before an indirect branch 3e is "notrack".
std::uint8_t padding_of(const Instruction& instruction, ByteView code) {
  const bool is_indirect = instruction.flow == Flow::indirect_jump || instruction.flow == Flow::indirect_call;
  const auto byte = [&](std::uint32_t i) { return std::to_integer<unsigned>(code[instruction.offset + i]); };
  std::uint8_t skipped = 0;
  for (; skipped + 1U < instruction.length; ++skipped) {
    const unsigned one = byte(skipped);
    const bool means_nothing = one == 0x26 || one == 0x2e || one == 0x36 || (one == 0x3e && !is_indirect);
    const bool is_repeated = (one == 0x64 || one == 0x65) && byte(skipped + 1U) == one;
    if (!means_nothing && !is_repeated) break;
  }
  return skipped;
}

Instruction without_padding(Instruction instruction, ByteView code) {
  const std::uint8_t skipped = padding_of(instruction, code);
  instruction.offset += skipped;
  instruction.length = static_cast<std::uint8_t>(instruction.length - skipped);
  for (auto* field : {&instruction.branch, &instruction.memory, &instruction.immediate})
    if (*field) (*field)->offset = static_cast<std::uint8_t>((*field)->offset - skipped);
  return instruction;
}

class Walk {
 public:
  Walk(const model::Object& object, model::AtomId id, const model::Image& image, LinkAddress start)
      : atom_(object[id]), image_(image), start_(start), ours_(x86_64::decode(atom_.bytes)) {
    out_.atom = id;
    // Padding may differ in length, and short branches may have become long.
    constexpr std::uint64_t slack = 256;
    const model::ImageSegment* segment = image.segment_of(start);
    if (segment != nullptr && segment->executable) {
      const auto left = static_cast<std::uint64_t>(segment->memory.end() - start);
      code_ = *image.read(start, std::min<std::uint64_t>(left, atom_.bytes.size() * 2 + slack));
    }
  }

  Lockstep run() {
    std::uint32_t offset = 0;  // in code_
    for (std::size_t i = 0; i < ours_.size(); ++i) {
      const Instruction& ours = ours_[i];
      if (ours.is_nop) {
        padding_.push_back(ours.offset);
        continue;
      }
      const auto theirs = next_real(offset);
      if (!theirs) {
        fail(ours, nullptr);
        break;
      }
      for (const std::int64_t skipped : padding_) out_.at.emplace(skipped, address(*theirs));
      padding_.clear();
      out_.at.emplace(ours.offset, address(*theirs));
      if (const std::size_t taken = take_relaxed_thread(i, *theirs); taken != 0) {
        ++i;
        offset = theirs->offset + static_cast<std::uint32_t>(taken);
        continue;
      }
      if (!same(without_padding(ours, atom_.bytes), without_padding(*theirs, code_))) {
        fail(ours, &*theirs);
        break;
      }
      offset = theirs->end();
    }
    finish(offset);
    return std::move(out_);
  }

 private:
  [[nodiscard]] LinkAddress address(const Instruction& i) const { return start_ + i.offset; }

  std::optional<Instruction> next_real(std::uint32_t offset) const {
    while (offset < code_.size()) {
      auto one = x86_64::decode_one(ByteView(code_).subspan(offset));
      if (!one) return {};
      one->offset = offset;
      if (one->branch_target) *one->branch_target += offset;
      if (one->memory_target) *one->memory_target += offset;
      if (!one->is_nop) return one;
      offset = one->end();
    }
    return {};
  }

  /// Bytes of the target that stand for the two instructions from `index` of a dynamic thread-local access;
  /// 0: the linker left it as it was, or it is none.
  std::size_t take_relaxed_thread(std::size_t index, const Instruction& theirs) {
    const auto references = references_in(ours_[index]);
    if (references.empty() || index + 1 >= ours_.size()) return 0;
    const auto relaxed = relaxed_thread(ours_[index], ours_[index + 1], references.front().type,
                                        ByteView(code_).subspan(theirs.offset), image_);
    if (!relaxed) return 0;
    is_local_exec_ = true;
    if (relaxed->where) out_.references.emplace_back(&references.front(), *relaxed->where);
    return relaxed->size;
  }

  void finish(std::uint32_t offset) {
    if (out_.mismatch.empty() && !ours_.empty() && ours_.back().end() != atom_.bytes.size())
      out_.mismatch = "the old object's code does not decode";
    for (const std::int64_t skipped : padding_) out_.at.emplace(skipped, start_ + offset);
    out_.at.emplace(static_cast<std::int64_t>(atom_.bytes.size()), start_ + offset);
    out_.code = {start_, offset};
  }

  void fail(const Instruction& ours, const Instruction* theirs) {
    const auto text = [](ByteView code, std::uint64_t at) { return x86_64::disassemble_one(code, at); };
    out_.mismatch =
        "at +" + std::to_string(ours.offset) + " the object has '" +
        text(ByteView(atom_.bytes).subspan(ours.offset), 0) + "', the target has '" +
        (theirs == nullptr ? "no instruction"
                           : text(ByteView(code_).subspan(theirs->offset), address(*theirs).value)) +
        "'";
  }

  /// The references whose fields lie in `ours`.
  [[nodiscard]] std::span<const model::Reference> references_in(const Instruction& ours) const {
    const auto& all = atom_.references;
    const auto first =
        std::lower_bound(all.begin(), all.end(), ours.offset,
                         [](const model::Reference& r, std::uint32_t at) { return r.offset < at; });
    auto last = first;
    while (last != all.end() && last->offset < ours.end()) ++last;
    return {first, last};
  }

  bool same(const Instruction& ours, const Instruction& theirs) {
    const auto references = references_in(ours);
    if (references.empty()) return same_without_reference(ours, theirs);
    const Side left{&ours, ByteView(atom_.bytes).subspan(ours.offset, ours.length), ours.offset};
    const Side right{&theirs, ByteView(code_).subspan(theirs.offset, theirs.length),
                     static_cast<std::int64_t>(start_.value)};
    if (is_direct_branch(ours)) {
      if (ours.mnemonic != theirs.mnemonic || !is_direct_branch(theirs)) return false;
      infer(references.front(), start_ + *theirs.branch_target);
      return true;
    }
    if (const auto where = rewritten(left, right, references.front().type, image_)) {
      out_.references.emplace_back(&references.front(), *where);
      return true;
    }
    return same_but_fields(left, right, references);
  }

  bool same_without_reference(const Instruction& ours, const Instruction& theirs) {
    if (is_direct_branch(ours)) {
      if (ours.mnemonic != theirs.mnemonic || !is_direct_branch(theirs)) return false;
      out_.branches.push_back({*ours.branch_target, start_ + *theirs.branch_target});
      return true;
    }
    return ours.length == theirs.length &&
           std::equal(atom_.bytes.begin() + ours.offset, atom_.bytes.begin() + ours.end(),
                      code_.begin() + theirs.offset);
  }

  bool same_but_fields(const Side& left, const Side& right, std::span<const model::Reference> references) {
    if (left.bytes.size() != right.bytes.size()) return false;
    Bytes mine(left.bytes.begin(), left.bytes.end());
    Bytes other(right.bytes.begin(), right.bytes.end());
    for (const model::Reference& reference : references) {
      const auto info = x86_64::describe(reference.type);
      const auto at = static_cast<std::uint8_t>(reference.offset - left.instruction->offset);
      if (info.size == 0) continue;
      if (at + info.size > mine.size()) return false;
      const auto* filled = text_relocation(start_ + right.instruction->offset + at);
      if (filled != nullptr && (filled->import && filled->addend != reference.offset_in_target)) return false;
      std::fill_n(mine.begin() + at, info.size, std::byte{0});
      std::fill_n(other.begin() + at, info.size, std::byte{0});
    }
    if (mine != other) return false;
    for (const model::Reference& reference : references) take_field(reference, left, right);
    return true;
  }

  /// What the dynamic loader writes at `place`, or null.
  [[nodiscard]] const model::TextRelocation* text_relocation(LinkAddress place) const {
    const auto& all = image_.text_relocations;
    const auto found = std::ranges::lower_bound(
        all, place, {}, [](const model::TextRelocation& one) { return one.place.begin; });
    return found != all.end() && found->place.begin == place ? &*found : nullptr;
  }

  /// Reads what the linker put into a field.
  void take_field(const model::Reference& reference, const Side& left, const Side& right) {
    const auto info = x86_64::describe(reference.type);
    if (info.size == 0) return;
    const auto at = static_cast<std::uint8_t>(reference.offset - left.instruction->offset);
    const std::int64_t value = field_value(right.bytes, {at, info.size});
    const LinkAddress after = start_ + right.instruction->end();
    switch (info.formula) {
      case Formula::absolute: {
        const auto* filled = text_relocation(start_ + right.instruction->offset + at);
        if (filled != nullptr && filled->import) {
          out_.references.emplace_back(&reference, Inference::ImportIndex{*filled->import});
          break;
        }
        const bool wide = info.size == 8 || info.is_signed;
        infer(reference, {wide ? static_cast<std::uint64_t>(value) : static_cast<std::uint32_t>(value)});
        break;
      }
      case Formula::pc_relative: infer(reference, after + value); break;
      case Formula::got_relative:
        if (info.is_tls)
          take_thread_slot(reference, after + value);
        else
          take_slot(reference, after + value);
        break;
      case Formula::tls_offset:
        if (reference.type == RelocationType::dtpoff32 && !is_local_exec_)
          out_.references.emplace_back(
              &reference,
              Inference::TlsOffset{static_cast<std::uint64_t>(value - reference.offset_in_target)});
        else if (image_.is_executable)
          out_.references.emplace_back(
              &reference, Inference::TlsOffset{tls_block_offset(image_, value) -
                                               static_cast<std::uint64_t>(reference.offset_in_target)});
        break;
      default: break;
    }
  }

  /// A slot of the module's own thread-local tells its offset; one of a symbol is bound by name.
  void take_thread_slot(const model::Reference& reference, LinkAddress at) {
    if (reference.type == RelocationType::tlsld) return;
    for (const model::TlsSlot& slot : image_.tls_slots) {
      if (slot.slot != at || !slot.symbol.empty()) continue;
      auto offset = static_cast<std::uint64_t>(slot.addend);
      if (slot.type == RelocationType::dtpmod64) {
        const auto second = image_.read(at + 8, 8);
        if (!second) return;
        offset = load<std::uint64_t>(*second, 0);
      }
      out_.references.emplace_back(&reference, Inference::TlsOffset{offset});
    }
  }

  void take_slot(const model::Reference& reference, LinkAddress slot) {
    if (const auto import = import_at(image_, slot))
      out_.references.emplace_back(&reference, Inference::ImportIndex{*import});
    else if (const auto local = image_.local_got.find(slot); local != image_.local_got.end())
      // A GOT slot holds the symbol's address; the addend only moves the program counter.
      out_.references.emplace_back(&reference, local->second);
  }

  void infer(const model::Reference& reference, LinkAddress meant) {
    if (const auto import = import_at(image_, meant); import && image_.imports[*import].copy != meant)
      out_.references.emplace_back(&reference, Inference::ImportIndex{*import});
    else
      out_.references.emplace_back(&reference, meant);
  }

  const model::Atom& atom_;
  const model::Image& image_;
  LinkAddress start_;
  std::vector<Instruction> ours_;
  Bytes code_;
  std::vector<std::int64_t> padding_;
  bool is_local_exec_ = false;  ///< the linker knew the module to be the executable
  Lockstep out_;
};

}  // namespace

std::optional<std::size_t> import_at(const model::Image& image, LinkAddress at) {
  for (std::size_t i = 0; i < image.imports.size(); ++i) {
    const model::Import& import = image.imports[i];
    if (import.jump_slot == at || import.got_slot == at || import.plt == at) return i;
  }
  return {};
}

Lockstep walk(const model::Object& object, model::AtomId atom, const model::Image& image, LinkAddress start) {
  return Walk(object, atom, image, start).run();
}

}  // namespace stent::bind
