#include "create/diff/sameness.hpp"

#include <algorithm>

namespace stent::diff {
namespace {

using model::AtomId;
using model::Place;
using model::Reference;

bool is_variable(AtomClass kind) { return kind == AtomClass::variable || kind == AtomClass::tls; }

/// Writable or not, zero or not: what a place in memory keeps of its atom. Code and literals have one kind
/// each.
bool same_kind(const model::Atom& a, const model::Atom& b) { return a.kind == b.kind; }

/// First byte outside of reference fields that differs; fields lie at the same places in both.
std::optional<std::uint32_t> first_differing_byte(ByteView a, ByteView b,
                                                  const std::vector<Reference>& fields,
                                                  std::size_t begin = 0) {
  auto field = fields.begin();
  for (std::size_t at = begin; at < a.size(); ++at) {
    while (field != fields.end() && field->offset + x86_64::describe(field->type).size <= at) ++field;
    if (field != fields.end() && field->offset <= at) continue;
    if (a[at] != b[at]) return static_cast<std::uint32_t>(at);
  }
  return std::nullopt;
}

/// The first reference of either atom that has no equal (offset, type) in the other at the same rank.
std::optional<std::size_t> first_unlike_reference(const std::vector<Reference>& a,
                                                  const std::vector<Reference>& b) {
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    if (i >= a.size() || i >= b.size()) return i;
    if (a[i].offset != b[i].offset || a[i].type != b[i].type) return i;
  }
  return std::nullopt;
}

/// Without the DW_CFA_nop (zero) bytes that fill the entry up.
ByteView without_padding(ByteView entry) {
  while (!entry.empty() && entry.back() == std::byte{0}) entry = entry.first(entry.size() - 1);
  return entry;
}

}  // namespace

Sameness::Sameness(const ObjectIndex& old_index, const ObjectIndex& new_index,
                   const Correspondence& correspondence)
    : old_index_(&old_index),
      new_index_(&new_index),
      correspondence_(&correspondence),
      old_pieces_(old_index),
      new_pieces_(new_index) {
  for (std::uint32_t i = 0; i < old_index.size(); ++i) {
    const auto counterpart = correspondence.new_of_old[i];
    const bool is_fragment = old_index[AtomId{i}].function && !old_index[AtomId{i}].is_entry;
    if (counterpart && !is_fragment) node_of({{i}, 0}, {*counterpart, 0});
  }
  compare_open_nodes();
}

void Sameness::also_compare(AtomId old_atom, AtomId new_atom) {
  node_of({old_atom, 0}, {new_atom, 0});
  compare_open_nodes();
}

const Sameness::Node& Sameness::node_at(AtomId old_atom, AtomId new_atom) const {
  return nodes_[by_pair_.at({Place{old_atom, 0}, Place{new_atom, 0}})];
}

bool Sameness::same(AtomId old_atom, AtomId new_atom) const {
  return !node_at(old_atom, new_atom).difference;
}

const Difference& Sameness::difference(AtomId old_atom, AtomId new_atom) const {
  return *node_at(old_atom, new_atom).difference;
}

std::uint32_t Sameness::node_of(Place old_place, Place new_place) {
  const Pieces::Piece a = old_pieces_.at(old_place);
  const Pieces::Piece b = new_pieces_.at(new_place);
  const Key key = {{old_place.atom, a.begin}, {new_place.atom, b.begin}};
  const auto [at, is_new] = by_pair_.try_emplace(key, static_cast<std::uint32_t>(nodes_.size()));
  if (is_new) nodes_.push_back({old_place.atom, new_place.atom, a, b, std::nullopt, {}});
  return at->second;
}

void Sameness::compare_open_nodes() {
  const std::size_t first = next_;
  for (; next_ < nodes_.size(); ++next_) compare_node(static_cast<std::uint32_t>(next_));
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (nodes_[i].difference && (i >= first || !nodes_[i].users.empty()))
      spread(static_cast<std::uint32_t>(i));
}

void Sameness::spread(std::uint32_t from) {
  std::vector<std::uint32_t> open = {from};
  while (!open.empty()) {
    const std::uint32_t changed = open.back();
    open.pop_back();
    const std::vector<Node::User> users = std::move(nodes_[changed].users);
    nodes_[changed].users.clear();
    for (const Node::User& user : users)
      if (!nodes_[user.node].difference) {
        nodes_[user.node].difference = user.because;
        open.push_back(user.node);
      }
  }
}

void Sameness::compare_node(std::uint32_t node) {
  const AtomId a = nodes_[node].old_atom;
  const AtomId b = nodes_[node].new_atom;
  if ((*old_index_)[a].kind == AtomClass::function && (*new_index_)[b].kind == AtomClass::function)
    compare_function(node);
  else if ((*old_index_)[a].kind == AtomClass::anonymous && (*new_index_)[b].kind == AtomClass::anonymous) {
    const model::Atom before = old_pieces_.cut(a, nodes_[node].old_piece);
    const model::Atom after = new_pieces_.cut(b, nodes_[node].new_piece);
    auto difference = compare_contents(node, {a, b, 0, {}, {}, false, {}}, before, after);
    nodes_[node].difference = std::move(difference);
  } else {
    auto difference = compare_atoms(node, a, b);
    nodes_[node].difference = std::move(difference);
  }
}

void Sameness::compare_function(std::uint32_t node) {
  const AtomId a = nodes_[node].old_atom;
  const AtomId b = nodes_[node].new_atom;
  auto difference = compare_atoms(node, a, b);
  if (!difference) difference = compare_frames(node, a, b);
  const auto& olds = old_index_->object()[*(*old_index_)[a].function].fragments;
  const auto& news = new_index_->object()[*(*new_index_)[b].function].fragments;
  if (!difference && olds.size() != news.size())
    difference = Difference{a,
                            b,
                            0,
                            {},
                            {},
                            false,
                            "it has " + std::to_string(olds.size()) + " split-off parts before, " +
                                std::to_string(news.size()) + " now"};
  for (std::size_t i = 0; !difference && i < olds.size(); ++i) {
    if (!correspondence_->same(olds[i], news[i]))
      difference = Difference{a, b, 0, {}, {}, false, "its split-off parts are others"};
    else if (difference = compare_atoms(node, olds[i], news[i]); !difference)
      difference = compare_frames(node, olds[i], news[i]);
  }
  nodes_[node].difference = std::move(difference);
}

std::optional<Difference> Sameness::compare_atoms(std::uint32_t node, AtomId a, AtomId b) {
  return compare_contents(node, {a, b, 0, {}, {}, false, {}}, old_index_->object()[a],
                          new_index_->object()[b]);
}

std::optional<Difference> Sameness::compare_contents(std::uint32_t node, Difference here,
                                                     const model::Atom& before, const model::Atom& after) {
  const auto unlike = first_unlike_reference(before.references, after.references);
  const std::size_t common = std::min(before.bytes.size(), after.bytes.size());
  const ByteView old_bytes(before.bytes.data(), common);
  const ByteView new_bytes(after.bytes.data(), common);
  // Up to the first unlike reference both have the same fields, so bytes before it can be told apart from
  // fields.
  auto byte = first_differing_byte(old_bytes, new_bytes, before.references);
  if (unlike) {
    const auto offset_in = [&](const std::vector<Reference>& all) {
      return *unlike < all.size() ? all[*unlike].offset : UINT32_MAX;
    };
    const std::uint32_t at = std::min(offset_in(before.references), offset_in(after.references));
    if (!byte || *byte > at) {
      here.offset = at;
      if (offset_in(before.references) == at) here.old_reference = unlike;
      if (offset_in(after.references) == at) here.new_reference = unlike;
      here.is_in_bytes = true;
      return here;
    }
  }
  for (std::size_t i = 0; i < std::min(before.references.size(), after.references.size()); ++i) {
    if ((unlike && i >= *unlike) || (byte && before.references[i].offset > *byte)) break;
    Difference at_reference{here.old_atom, here.new_atom, before.references[i].offset, i, i, false, {}};
    if (!same_target(node, before.references[i], after.references[i], at_reference)) return at_reference;
  }
  if (byte || before.bytes.size() != after.bytes.size()) {
    here.offset = byte.value_or(static_cast<std::uint32_t>(common));
    here.is_in_bytes = true;
    return here;
  }
  if (before.size != after.size)
    here.what = "size " + std::to_string(before.size) + " before, " + std::to_string(after.size) + " now";
  else if (!same_kind(before, after))
    here.what = "it moved from " + before.section + " to " + after.section;
  else if (before.kind != model::AtomKind::code && !(*new_index_)[here.new_atom].key.empty() &&
           after.alignment > before.alignment)
    here.what = "alignment " + std::to_string(before.alignment) + " before, " +
                std::to_string(after.alignment) + " now";
  else
    return std::nullopt;
  return here;
}

std::optional<Difference> Sameness::compare_frames(std::uint32_t node, AtomId a, AtomId b) {
  const auto frame_of = [](const model::Object& object, AtomId id) -> const model::FrameDescription* {
    if (id.value >= object.frames.size() || !object.frames[id.value]) return nullptr;
    return &*object.frames[id.value];
  };
  const model::FrameDescription* before = frame_of(old_index_->object(), a);
  const model::FrameDescription* after = frame_of(new_index_->object(), b);
  if (before == nullptr && after == nullptr) return std::nullopt;
  const Difference here{a, b, 0, {}, {}, false, "its call frame description or exception table"};
  if (before == nullptr || after == nullptr) return here;
  // The length (bytes 0..3) counts padding, and bytes 4..7 of an FDE are the distance to its CIE: layout.
  const auto same_entry = [&](const Bytes& x, const Bytes& y, const std::vector<Reference>& rx,
                              const std::vector<Reference>& ry, std::size_t skip) {
    if (first_unlike_reference(rx, ry)) return false;
    const ByteView short_x = without_padding(x);
    const ByteView short_y = without_padding(y);
    if (short_x.size() != short_y.size()) return false;
    if (first_differing_byte(short_x, short_y, rx, std::min(skip, short_x.size()))) return false;
    for (std::size_t i = 0; i < rx.size(); ++i)
      if (!same_target(node, rx[i], ry[i], here)) return false;
    return true;
  };
  if (same_entry(before->cie, after->cie, before->cie_references, after->cie_references, 4) &&
      same_entry(before->fde, after->fde, before->fde_references, after->fde_references, 8))
    return std::nullopt;
  return here;
}

std::string Sameness::interposable_name(const ObjectIndex& index, const Reference& reference) const {
  if (!reference.symbol) return {};
  const model::Symbol& symbol = index.object()[*reference.symbol];
  const bool is_visible = symbol.visibility == model::SymbolVisibility::normal;
  return is_global(symbol) && is_visible ? symbol.name : std::string();
}

bool Sameness::same_target(std::uint32_t node, const Reference& before, const Reference& after,
                           const Difference& here) {
  if (before.pc_adjust != after.pc_adjust || before.is_table_entry != after.is_table_entry) return false;
  if (before.place.has_value() != after.place.has_value()) return false;
  if (interposable_name(*old_index_, before) != interposable_name(*new_index_, after)) return false;
  if (before.place) return same_place(node, *before.place, *after.place, before.is_table_entry, here);
  if (before.symbol.has_value() != after.symbol.has_value()) return false;
  if (before.offset_in_target != after.offset_in_target) return false;
  if (!before.symbol) return true;
  const model::Symbol& a = old_index_->object()[*before.symbol];
  const model::Symbol& b = new_index_->object()[*after.symbol];
  return a.name == b.name && a.binding == b.binding && a.visibility == b.visibility;
}

bool Sameness::same_place(std::uint32_t node, Place before, Place after, bool is_table_entry,
                          const Difference& here) {
  const AtomFacts& a = (*old_index_)[before.atom];
  const AtomFacts& b = (*new_index_)[after.atom];
  const std::int64_t old_offset = before.offset - old_pieces_.at(before).begin;
  const std::int64_t new_offset = after.offset - new_pieces_.at(after).begin;
  if (old_offset != new_offset) return false;
  if (a.kind == AtomClass::function || b.kind == AtomClass::function)
    return a.kind == b.kind && same_code_place(node, before, after, is_table_entry, here);
  const bool anonymous = a.kind == AtomClass::anonymous && b.kind == AtomClass::anonymous;
  if (!anonymous && !correspondence_->same(before.atom, after.atom)) return false;
  // A variable lives on in the target: only that it is the same one counts.
  if (!is_variable(a.kind) || !is_variable(b.kind)) depend(node, before, after, here);
  return true;
}

bool Sameness::same_code_place(std::uint32_t node, Place before, Place after, bool is_table_entry,
                               const Difference& here) {
  if (!correspondence_->same(before.atom, after.atom)) return false;
  const AtomFacts& a = (*old_index_)[before.atom];
  const AtomFacts& b = (*new_index_)[after.atom];
  if (a.is_entry != b.is_entry) return false;
  const AtomId old_entry = old_index_->object()[*a.function].entry;
  const AtomId new_entry = new_index_->object()[*b.function].entry;
  if (!correspondence_->same(old_entry, new_entry)) return false;
  // An entry is what gets redirected, so it stays good; any other address inside goes stale with a change.
  if (!a.is_entry || before.offset != 0 || is_table_entry) depend(node, {old_entry, 0}, {new_entry, 0}, here);
  return true;
}

void Sameness::depend(std::uint32_t node, Place a, Place b, const Difference& here) {
  const std::uint32_t on = node_of(a, b);
  if (on != node) nodes_[on].users.push_back({node, here});
}

}  // namespace stent::diff
