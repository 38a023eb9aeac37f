// From a recorded build and a diff to pairs of objects: the affected units, compiled before and after the
// change.
#pragma once

#include "create/compile/compile_request.hpp"
#include "create/compile/object_pair.hpp"

namespace stent::compile {

/// Compiles every unit the diff affects (as source, or through the headers its compiler reads), old and new,
/// with the recorded flags and -ffunction-sections -fdata-sections. The tree must hold the old source and is
/// only read. Every hunk is accounted for; a diff that affects no unit gives no pairs. Throws `bad_input`
/// (diff, commands), `refused` (the diff does not match the tree, or is in it already), `unsupported`
/// (-flto without a link that is known), `build_failed` (with the compiler's words and command).
[[nodiscard]] CompiledChange compile_change(const CompileRequest& request);

}  // namespace stent::compile
