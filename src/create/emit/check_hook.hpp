// What a hook must not call: what would end the thread it borrows, or the process, in place of returning.
#pragma once

#include "binary/model/object.hpp"

namespace stent::emit {

/// Throws `refused` where the function of `object` that begins as `hook` itself names such a function of the
/// C library. What others that it calls do is not seen.
void check_hook(const model::Object& object, const model::Symbol& hook);

}  // namespace stent::emit
