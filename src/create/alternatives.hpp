// Telling which images of a patch are for builds of one module.
#pragma once

#include "patch/patch.hpp"

namespace stent::create {

/// Images of modules of one name become alternatives.
void mark_alternatives(patch::Patch& patch);

}  // namespace stent::create
