// Whether corresponding atoms mean the same in both objects, independent of layout.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "create/diff/correspond.hpp"
#include "create/diff/pieces.hpp"

namespace stent::diff {

/// The first place where two atoms mean different things.
struct Difference {
  model::AtomId old_atom, new_atom;
  std::uint32_t offset = 0;  ///< in both atoms
  /// Indexes into the references of the atoms when a reference differs, else empty.
  std::optional<std::size_t> old_reference, new_reference;
  bool is_in_bytes = false;  ///< `offset` is a byte of the atom's content
  std::string what;          ///< for people; empty when `describe_difference` shall say it
};

/// Decides every pair once: pairs are compared on their own, then a difference travels to whatever holds a
/// copy of the other by content (a string, a constant table) or points into the middle of changed code.
/// Assuming sameness until a difference is found makes cyclic data end. Linear in the number of references.
class Sameness {
 public:
  /// All three must outlive this.
  Sameness(const ObjectIndex& old_index, const ObjectIndex& new_index, const Correspondence& correspondence);

  /// Both atoms must be entries of corresponding functions, or corresponding data, or a pair of
  /// `also_compare`.
  [[nodiscard]] bool same(model::AtomId old_atom, model::AtomId new_atom) const;
  [[nodiscard]] const Difference& difference(model::AtomId old_atom, model::AtomId new_atom) const;

  /// Compares two atoms that have no names to correspond by (constructor lists).
  void also_compare(model::AtomId old_atom, model::AtomId new_atom);

 private:
  struct Node {
    model::AtomId old_atom, new_atom;
    Pieces::Piece old_piece, new_piece;
    std::optional<Difference> difference;
    struct User {
      std::uint32_t node;
      Difference because;
    };
    std::vector<User> users;  ///< nodes that differ when this one does
  };

  /// What a pair of places stands for: atom and begin of the piece, of the old and of the new object.
  using Key = std::pair<model::Place, model::Place>;

  std::uint32_t node_of(model::Place old_place, model::Place new_place);
  [[nodiscard]] const Node& node_at(model::AtomId old_atom, model::AtomId new_atom) const;
  void compare_open_nodes();
  void spread(std::uint32_t from);
  void compare_node(std::uint32_t node);
  void compare_function(std::uint32_t node);
  std::optional<Difference> compare_atoms(std::uint32_t node, model::AtomId a, model::AtomId b);
  std::optional<Difference> compare_contents(std::uint32_t node, Difference here, const model::Atom& before,
                                             const model::Atom& after);
  std::optional<Difference> compare_frames(std::uint32_t node, model::AtomId a, model::AtomId b);
  bool same_target(std::uint32_t node, const model::Reference& before, const model::Reference& after,
                   const Difference& here);
  bool same_place(std::uint32_t node, model::Place before, model::Place after, bool is_table_entry,
                  const Difference& here);
  bool same_code_place(std::uint32_t node, model::Place before, model::Place after, bool is_table_entry,
                       const Difference& here);
  void depend(std::uint32_t node, model::Place a, model::Place b, const Difference& here);
  [[nodiscard]] std::string interposable_name(const ObjectIndex& index,
                                              const model::Reference& reference) const;

  const ObjectIndex* old_index_;
  const ObjectIndex* new_index_;
  const Correspondence* correspondence_;
  Pieces old_pieces_, new_pieces_;
  std::vector<Node> nodes_;
  std::map<Key, std::uint32_t> by_pair_;
  std::size_t next_ = 0;
};

}  // namespace stent::diff
