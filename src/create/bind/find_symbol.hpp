// Binding by name, as far as a name may authorise: the linker's own rules.
#pragma once

#include <optional>
#include <string>

#include "create/bind/bound_unit.hpp"
#include "create/bind/match_unit.hpp"

namespace stent::bind {

/// The one symbol of this name and size among the locals of a unit's block; read-only contents must agree
/// too.
[[nodiscard]] std::optional<LinkAddress> local_in_block(const model::Image& image, std::uint32_t block,
                                                        const model::Atom& atom);

/// True when the loader decides which module's definition `reference`, from the library `image` to its own
/// `symbol`, means: an exported symbol of normal visibility, reached the way a compiler reaches such.
[[nodiscard]] bool may_be_interposed(const model::Image& image, const model::Symbol& symbol,
                                     const model::Reference& reference);

/// What the dynamic or static linker would bind an undefined symbol of the module to: an import's slot or
/// copied object, the module's one global of that name, else a dynamic symbol looked up at apply time. Throws
/// `refused` when the module has the name only as another unit's local, or more than once.
[[nodiscard]] BoundTarget bind_by_name(const model::Image& image, const model::Symbol& symbol);

/// An indirect function (IFUNC) of the module by its resolver: through the slot that holds what was chosen,
/// or asked when the patch is applied.
[[nodiscard]] BoundTarget bind_indirect(const model::Image& image, const std::string& name,
                                        LinkAddress resolver);

/// The binding for what matched code named.
[[nodiscard]] BoundTarget bind_to(const model::Image& image, const std::string& name,
                                  const decltype(Inference::where)& where, std::string evidence);

}  // namespace stent::bind
