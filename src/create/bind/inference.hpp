// What matched code tells about one thing that the old object names.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <variant>

#include "base/address.hpp"
#include "binary/model/object.hpp"

namespace stent::bind {

/// What one reference of the old object turned out to name in the target.
struct Inference {
  /// The atom's start (references to something the unit defines), or the symbol (undefined in the unit).
  std::variant<model::AtomId, model::SymbolId> what;
  /// Its address; or, where the target goes through a slot of an import, the index into Image::imports; or,
  /// for a thread-local, its offset in the module's TLS block.
  struct ImportIndex {
    std::size_t value;
    auto operator<=>(const ImportIndex&) const = default;
  };
  struct TlsOffset {
    std::uint64_t value;
    auto operator<=>(const TlsOffset&) const = default;
  };
  std::variant<LinkAddress, ImportIndex, TlsOffset> where;
};

}  // namespace stent::bind
