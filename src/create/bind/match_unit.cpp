#include "create/bind/match_unit.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "create/bind/unnamed_candidates.hpp"

namespace stent::bind {

namespace {

using model::FunctionId;

std::string base_name(const std::string& path) { return std::filesystem::path(path).filename().string(); }

/// One place where a function may stand.
struct Candidate {
  LinkAddress address;
  std::optional<std::uint32_t> block;
  CodeMatch match;
};

class UnitMatcher {
 public:
  UnitMatcher(const model::Object& object, const model::Image& image) : object_(object), image_(image) {
    out_.functions.resize(object.functions.size());
    out_.mismatches.resize(object.functions.size());
    candidates_.resize(object.functions.size());
    std::unordered_set<std::string> names, bases;  // only what the object asks for: images are large
    for (const model::Function& function : object.functions) {
      const std::string& name = object[function.symbol].name;
      names.insert(name);
      if (const auto parsed = model::parse_name(name); parsed.ordinal) bases.insert(parsed.base);
    }
    for (const model::ImageSymbol& symbol : image.symbols) {
      if (symbol.type != model::SymbolType::function && symbol.type != model::SymbolType::ifunc) continue;
      if (names.contains(symbol.name)) by_name_.emplace(symbol.name, &symbol);
      if (bases.empty() || symbol.name.find('.') == std::string::npos) continue;
      if (auto base = model::parse_name(symbol.name).base; bases.contains(base))
        by_base_.emplace(std::move(base), &symbol);
    }
  }

  UnitMatch run() {
    for (std::uint32_t i = 0; i < object_.functions.size(); ++i) find_candidates({i});
    for (std::uint32_t i = 0; i < object_.functions.size(); ++i)
      if (candidates_[i].size() == 1) accept({i}, candidates_[i].front());
    settle();
    choose_block();
    for (std::uint32_t i = 0; i < object_.functions.size(); ++i) accept_in_block({i});
    settle();
    return std::move(out_);
  }

 private:
  [[nodiscard]] const std::string& name_of(FunctionId id) const { return object_[object_[id].symbol].name; }

  /// A local symbol counts only in a block of this unit's source name; a global one always.
  [[nodiscard]] bool may_be(FunctionId id, const model::ImageSymbol& symbol) const {
    const bool is_local = object_[object_[id].symbol].binding == model::SymbolBinding::local;
    if (!symbol.file) return !is_local;
    const std::string& file = image_.files[*symbol.file];
    // The linker puts globals that it made local into a block without a name.
    return is_block_of(file, object_) || (!is_local && file.empty());
  }

  void try_symbol(FunctionId id, const model::ImageSymbol& symbol) {
    if (!may_be(id, symbol)) return;
    for (const Candidate& known : candidates_[id.value])
      if (known.address == symbol.address) return;
    auto outcome = match_code(object_, object_[id], image_, symbol.address);
    if (auto* match = std::get_if<CodeMatch>(&outcome))
      candidates_[id.value].push_back({symbol.address, symbol.file, std::move(*match)});
    else if (out_.mismatches[id.value].empty())
      out_.mismatches[id.value] = std::get<CodeMismatch>(outcome).text;
  }

  void find_candidates(FunctionId id) {
    const auto [first, last] = by_name_.equal_range(name_of(id));
    for (auto at = first; at != last; ++at) try_symbol(id, *at->second);
    if (!candidates_[id.value].empty()) return;
    if (image_.files.empty()) return find_by_code(id);
    // Clone ordinals drift: "f.constprop.1" of the object may be the target's "f.constprop.0".
    const model::ParsedName parsed = model::parse_name(name_of(id));
    if (!parsed.ordinal) return;
    const auto [from, to] = by_base_.equal_range(parsed.base);
    for (auto at = from; at != to; ++at)
      if (model::parse_name(at->second->name).kind == parsed.kind) try_symbol(id, *at->second);
  }

  /// In a target without a symbol table, the only function with this code is it.
  void find_by_code(FunctionId id) {
    for (const LinkAddress address : unnamed_candidates(object_, object_[id], image_)) {
      auto outcome = match_code(object_, object_[id], image_, address);
      if (auto* match = std::get_if<CodeMatch>(&outcome))
        candidates_[id.value].push_back({address, {}, std::move(*match)});
    }
  }

  void accept(FunctionId id, const Candidate& candidate) {
    if (out_.functions[id.value]) return;
    out_.functions[id.value] = candidate.match;
    out_.mismatches[id.value].clear();
    if (candidate.block) ++votes_[*candidate.block];
    for (const MatchedPart& part : candidate.match.parts) note(part.atom, part.code.begin);
    for (const Inference& inference : candidate.match.inferences) note(inference);
  }

  void note(model::AtomId atom, LinkAddress address) {
    const auto [known, is_new] = out_.atoms.emplace(atom, address);
    if (is_new || known->second == address) return;
    // Copies of a literal are no contradiction: it is bound by content, never by address.
    const model::AtomKind kind = object_[atom].kind;
    if (kind == model::AtomKind::string_literal || kind == model::AtomKind::merged_constant) return;
    out_.conflicts.emplace(atom, "matched functions name it at two addresses");
  }

  void note(const Inference& inference) {
    if (const auto* atom = std::get_if<model::AtomId>(&inference.what)) {
      if (const auto* address = std::get_if<LinkAddress>(&inference.where))
        note(*atom, *address);
      else if (!object_[*atom].name.empty())
        out_.symbols.emplace(object_[*atom].name, inference.where);
      return;
    }
    out_.symbols.emplace(object_[std::get<model::SymbolId>(inference.what)].name, inference.where);
  }

  /// Accepts what the addresses named by matched functions decide, until nothing changes.
  void settle() {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::uint32_t i = 0; i < object_.functions.size(); ++i) {
        if (out_.functions[i]) continue;
        const auto known = out_.atoms.find(object_.functions[i].entry);
        if (known == out_.atoms.end()) continue;
        changed = accept_at({i}, known->second) || changed;
      }
    }
  }

  bool accept_at(FunctionId id, LinkAddress address) {
    for (const Candidate& candidate : candidates_[id.value])
      if (candidate.address == address) {
        accept(id, candidate);
        return true;
      }
    if (tried_.contains({id, address})) return false;
    tried_.insert({id, address});
    auto outcome = match_code(object_, object_[id], image_, address);
    if (auto* match = std::get_if<CodeMatch>(&outcome)) {
      accept(id, {address, {}, std::move(*match)});
      return true;
    }
    out_.mismatches[id.value] = std::get<CodeMismatch>(outcome).text;
    return false;
  }

  /// The block in which most of the unit's functions matched, when it is the only such.
  void choose_block() {
    for (const auto& list : candidates_)
      for (const Candidate& candidate : list)
        if (candidate.block && list.size() > 1) ++weak_votes_[*candidate.block];
    const auto& votes = votes_.empty() ? weak_votes_ : votes_;
    std::size_t best = 0;
    for (const auto& [block, count] : votes) {
      if (!is_block_of(image_.files[block], object_)) continue;
      if (count == best) out_.file_block.reset();
      if (count <= best) continue;
      best = count;
      out_.file_block = block;
    }
  }

  void accept_in_block(FunctionId id) {
    if (out_.functions[id.value] || !out_.file_block) return;
    for (const Candidate& candidate : candidates_[id.value])
      if (candidate.block == out_.file_block) return accept(id, candidate);
  }

  const model::Object& object_;
  const model::Image& image_;
  std::unordered_multimap<std::string, const model::ImageSymbol*> by_name_, by_base_;
  std::vector<std::vector<Candidate>> candidates_;
  std::map<std::uint32_t, std::size_t> votes_, weak_votes_;
  std::set<std::pair<FunctionId, LinkAddress>> tried_;
  UnitMatch out_;
};

}  // namespace

std::size_t UnitMatch::matched() const {
  return static_cast<std::size_t>(
      std::count_if(functions.begin(), functions.end(), [](const auto& f) { return f.has_value(); }));
}

std::map<model::AtomId, std::string> UnitMatch::own_mismatches(const model::Object& object) const {
  std::set<model::AtomId> weak;
  for (const model::Symbol& symbol : object.symbols)
    if (symbol.binding == model::SymbolBinding::weak && symbol.definition)
      weak.insert(symbol.definition->atom);
  std::map<model::AtomId, std::string> found;
  for (std::size_t i = 0; i < object.functions.size(); ++i) {
    const model::AtomId entry = object.functions[i].entry;
    if (!mismatches[i].empty() && !object[entry].in_group && !weak.contains(entry))
      found.emplace(entry, mismatches[i]);
  }
  return found;
}

std::string UnitMatch::first_mismatch() const {
  for (const std::string& why : mismatches)
    if (!why.empty()) return why;
  return {};
}

bool is_block_of(const std::string& file, const model::Object& object) {
  return base_name(file) == base_name(object.source) || (file.empty() && object.source == "<artificial>");
}

UnitMatch match_unit(const model::Object& object, const model::Image& image) {
  return UnitMatcher(object, image).run();
}

}  // namespace stent::bind
