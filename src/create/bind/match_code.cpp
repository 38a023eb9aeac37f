#include "create/bind/match_code.hpp"

#include <algorithm>

#include "create/bind/code_lockstep.hpp"

namespace stent::bind {

namespace {

using Where = decltype(Inference::where);

/// Where an offset of a part stands in the target; padding counts as what follows it.
std::optional<LinkAddress> mapped(const Lockstep& part, std::int64_t offset) {
  const auto found = part.at.find(offset);
  if (found == part.at.end()) return {};
  return found->second;
}

/// `at` moved over padding, as the walk maps it.
LinkAddress over_padding(const model::Image& image, LinkAddress at) {
  constexpr std::uint64_t longest_instruction = 15;
  for (int guard = 0; guard < 64; ++guard) {
    std::uint64_t size = longest_instruction;
    std::optional<Bytes> code;
    while (size > 0 && !(code = image.read(at, size))) --size;
    if (!code) return at;
    const auto one = x86_64::decode_one(*code);
    if (!one || !one->is_nop) return at;
    at = at + one->length;
  }
  return at;
}

class Matcher {
 public:
  Matcher(const model::Object& object, const model::Function& function, const model::Image& image)
      : object_(object), function_(function), image_(image) {}

  std::variant<CodeMatch, CodeMismatch> run(LinkAddress entry) {
    if (!add_part(function_.entry, entry)) return CodeMismatch{why_};
    if (!add_fragments()) return CodeMismatch{why_};
    for (const Lockstep& part : parts_)
      if (!check_branches(part) || !take_references(part)) return CodeMismatch{why_};
    return std::move(match_);
  }

 private:
  bool add_part(model::AtomId atom, LinkAddress start) {
    Lockstep part = walk(object_, atom, image_, start);
    if (!part.mismatch.empty()) {
      why_ = object_[atom].name + " " + part.mismatch;
      return false;
    }
    match_.parts.push_back({atom, part.code});
    parts_.push_back(std::move(part));
    return true;
  }

  /// Fragments stand where references of the parts found so far say.
  bool add_fragments() {
    std::vector<model::AtomId> missing = function_.fragments;
    for (std::size_t i = 0; i < parts_.size() && !missing.empty(); ++i) {
      const auto references = parts_[i].references;
      for (const auto& [reference, where] : references) {
        const auto* meant = std::get_if<LinkAddress>(&where);
        if (meant == nullptr || !reference->place || reference->place->offset != 0) continue;
        const auto found = std::find(missing.begin(), missing.end(), reference->place->atom);
        if (found == missing.end()) continue;
        const model::AtomId atom = *found;
        missing.erase(found);
        if (!add_part(atom, *meant)) return false;
      }
    }
    return add_named_fragments(missing);
  }

  /// A fragment reached only through a table, or in its middle, is found by its symbol.
  bool add_named_fragments(const std::vector<model::AtomId>& missing) {
    for (const model::AtomId atom : missing) {
      std::string last = "no symbol " + object_[atom].name + " in the target";
      bool done = false;
      for (const model::ImageSymbol& symbol : image_.symbols) {
        if (done || symbol.name != object_[atom].name) continue;
        done = add_part(atom, symbol.address);
        if (!done) last = why_;
      }
      why_ = last;
      if (!done) return false;
    }
    return true;
  }

  bool check_branches(const Lockstep& part) {
    for (const InnerBranch& branch : part.branches) {
      const auto wanted = mapped(part, branch.offset);
      if (wanted && (*wanted == branch.target || over_padding(image_, branch.target) == *wanted)) continue;
      why_ = object_[part.atom].name + " has a branch to +" + std::to_string(branch.offset) +
             " that goes elsewhere in the target";
      return false;
    }
    return true;
  }

  const Lockstep* own_part(model::AtomId atom) const {
    for (const Lockstep& part : parts_)
      if (part.atom == atom) return &part;
    return nullptr;
  }

  bool take_references(const Lockstep& part) {
    for (const auto& [reference, where] : part.references) {
      if (const auto* meant = std::get_if<LinkAddress>(&where)) {
        if (!take_address(part, *reference, *meant)) return false;
      } else if (reference->symbol && !reference->place) {
        match_.inferences.push_back({*reference->symbol, where});
      } else if (reference->place) {
        match_.inferences.push_back({reference->place->atom, where});
      }
    }
    return true;
  }

  bool take_address(const Lockstep& part, const model::Reference& reference, LinkAddress meant) {
    // An IFUNC stands at its resolver, but means what the resolver chose.
    if (reference.symbol && object_[*reference.symbol].type == model::SymbolType::ifunc) {
      match_.inferences.push_back({*reference.symbol, Where{meant}});
      return true;
    }
    const bool is_got = x86_64::describe(reference.type).formula == x86_64::Formula::got_relative;
    if (!reference.place) {
      if (reference.symbol)
        match_.inferences.push_back(
            {*reference.symbol, Where{meant - (is_got ? 0 : reference.offset_in_target)}});
      return true;
    }
    const model::Place place = *reference.place;
    if (const Lockstep* own = own_part(place.atom)) {
      const auto wanted = mapped(*own, place.offset);
      if (wanted && (*wanted == meant || over_padding(image_, meant) == *wanted)) return true;
      why_ = object_[part.atom].name + " refers to +" + std::to_string(place.offset) +
             " of itself, the target elsewhere";
      return false;
    }
    if (!same_content(place, meant)) {
      why_ = object_[part.atom].name + " at +" + std::to_string(reference.offset) +
             " names a constant whose contents differ in the target";
      return false;
    }
    // A pool is laid out anew by every build: its address says nothing about its other pieces.
    if (!is_pool(place.atom)) match_.inferences.push_back({place.atom, Where{meant - place.offset}});
    return true;
  }

  /// An unnamed run of constants of several functions (gcc -O0, switch tables).
  bool is_pool(model::AtomId id) const {
    return object_[id].kind == model::AtomKind::read_only && object_[id].name.empty();
  }

  /// Literals and constants without relocations must be the same bytes; of a pool, the piece up to its first
  /// zero.
  bool same_content(model::Place place, LinkAddress meant) const {
    const model::Atom& atom = object_[place.atom];
    const bool constant = atom.kind == model::AtomKind::string_literal ||
                          atom.kind == model::AtomKind::merged_constant ||
                          atom.kind == model::AtomKind::read_only;
    if (!constant || !atom.references.empty()) return true;
    ByteView wanted = atom.bytes;
    if (is_pool(place.atom)) {
      if (place.offset < 0 || place.offset >= static_cast<std::int64_t>(wanted.size())) return true;
      wanted = wanted.subspan(static_cast<std::size_t>(place.offset));
      const auto zero = std::find(wanted.begin(), wanted.end(), std::byte{0});
      wanted = wanted.first(static_cast<std::size_t>(zero - wanted.begin()));
    } else {
      meant = meant - place.offset;
    }
    const auto bytes = image_.read(meant, wanted.size());
    return bytes && std::equal(wanted.begin(), wanted.end(), bytes->begin());
  }

  const model::Object& object_;
  const model::Function& function_;
  const model::Image& image_;
  std::vector<Lockstep> parts_;
  CodeMatch match_;
  std::string why_;
};

}  // namespace

std::variant<CodeMatch, CodeMismatch> match_code(const model::Object& object, const model::Function& function,
                                                 const model::Image& image, LinkAddress entry) {
  return Matcher(object, function, image).run(entry);
}

}  // namespace stent::bind
