// Unnamed constant data cut into the objects it was pooled from, by the places that refer to it.
#pragma once

#include <map>
#include <vector>

#include "create/diff/object_index.hpp"

namespace stent::diff {

/// gcc puts the switch tables of all functions (and at -O0 all literals) into one .rodata without symbols. A
/// piece begins where a switch table begins or ends, and where a function refers that does not refer to the
/// piece before: who refers to the middle of an object refers to its start, too. Never smaller than an
/// object.
class Pieces {
 public:
  struct Piece {
    std::int64_t begin = 0, end = 0;  ///< in bytes from the atom's start
  };

  explicit Pieces(const ObjectIndex& index);

  /// The piece that holds `place`; the whole atom when it is not such data.
  [[nodiscard]] Piece at(model::Place place) const;
  /// The piece as an atom of its own, offsets of its references counted from its start.
  [[nodiscard]] model::Atom cut(model::AtomId atom, Piece piece) const;

 private:
  const ObjectIndex* index_;
  std::map<model::AtomId, std::vector<std::int64_t>> starts_;
};

}  // namespace stent::diff
