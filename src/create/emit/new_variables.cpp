#include "create/emit/new_variables.hpp"

#include <algorithm>

#include "base/fnv.hpp"
#include "create/diff/object_index.hpp"
#include "create/emit/type_digest.hpp"

namespace stent::emit {
namespace {

using model::AtomId;
using model::AtomKind;

/// Points to the personality of C++ code; it only stands in writable memory.
bool is_made_up(const std::string& name) { return name.starts_with("DW.ref."); }

bool is_variable(const model::Atom& atom, const diff::AtomFacts& facts) {
  const bool is_written = atom.kind == AtomKind::writable || atom.kind == AtomKind::zero;
  return is_written && !facts.key.empty() && !is_made_up(atom.name);
}

/// A name that other units cannot use means something only together with its source.
std::string identity_of(const model::Object& object, const diff::AtomFacts& facts) {
  if (facts.is_global) return facts.key;
  const std::string source = object.source.empty() ? object.path.stem().string() : object.source;
  return std::filesystem::path(source).filename().string() + ": " + facts.key;
}

/// Of the contents and of what is named in them; all zeros are zeros, in whichever section.
std::uint64_t initial_of(const model::Atom& atom, const diff::ObjectIndex& index) {
  Bytes bytes = atom.bytes;
  bytes.resize(std::max<std::uint64_t>(atom.size, bytes.size()));
  std::string text;
  for (const model::Reference& reference : atom.references) {
    const std::size_t begin = std::min<std::size_t>(reference.offset, bytes.size());
    const std::size_t end = std::min(begin + x86_64::describe(reference.type).size, bytes.size());
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
              bytes.begin() + static_cast<std::ptrdiff_t>(end), std::byte{});
    std::string target;
    if (reference.place) target = index.label(reference.place->atom);
    if (target.empty() && reference.symbol) target = index.object()[*reference.symbol].name;
    // A literal has no name: its content counts.
    if (target.empty() && reference.place) target = index.describe(reference.place->atom);
    const std::int64_t offset = reference.place ? reference.place->offset : reference.offset_in_target;
    text += std::to_string(reference.offset) + "=" + target + "+" + std::to_string(offset) + ";";
  }
  return fnv1a(text + std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

class Collection {
 public:
  Collection(const Placement& placement, const Draft& draft) : placement_(placement), draft_(draft) {}

  void add_unit(std::size_t unit, const bind::BoundUnit& bound) {
    const auto brings = [&](AtomId id) {
      const AtomKind kind = (*bound.new_object)[id].kind;
      return (kind == AtomKind::writable || kind == AtomKind::zero) && placement_.is_owner(unit, id);
    };
    if (std::ranges::none_of(bound.selected, brings)) return;
    const diff::ObjectIndex index(*bound.new_object);
    const TypeDigests types(bound.new_object->path);
    for (const AtomId id : bound.selected)
      if (brings(id) && is_variable((*bound.new_object)[id], index[id])) add(unit, index, id, types);
  }

  std::vector<patch::NewVariable> finish() {
    std::ranges::sort(variables_, {}, &patch::NewVariable::address);
    return std::move(variables_);
  }

 private:
  void add(std::size_t unit, const diff::ObjectIndex& index, AtomId id, const TypeDigests& types) {
    const model::Atom& atom = index.object()[id];
    const diff::AtomFacts& facts = index[id];
    patch::NewVariable variable;
    variable.identity = identity_of(index.object(), facts);
    if (facts.is_function_local) variable.users = facts.referrers;
    variable.address = draft_.address_of(*placement_.find(unit, id));
    variable.size = std::max<std::uint64_t>({atom.size, atom.bytes.size(), 1});
    variable.alignment = std::max<std::uint64_t>(atom.alignment, 1);
    variable.type = atom.field ? types.of(atom.name) : types.of(atom.name, variable.size);
    variable.initial = initial_of(atom, index);
    variables_.push_back(std::move(variable));
  }

  const Placement& placement_;
  const Draft& draft_;
  std::vector<patch::NewVariable> variables_;
};

}  // namespace

std::vector<patch::NewVariable> new_variables(const std::vector<bind::BoundUnit>& units,
                                              const Placement& placement, const Draft& draft) {
  Collection collection(placement, draft);
  for (std::size_t unit = 0; unit < units.size(); ++unit) collection.add_unit(unit, units[unit]);
  return collection.finish();
}

}  // namespace stent::emit
